"""Compare sampling, one stream on one core, with a tutorial's loop and with reading the weights
once."""

from collections.abc import Iterator

from benchmarks.child import Contender, call, contenders, take_turns
from benchmarks.figures import Figure, at_least, at_most, ratios
from benchmarks.program import trained, untrained
from benchmarks.setting import Setting, on

# Layers, units.
SMALL, LARGE = (1, 384), (2, 512)
# Only the first shape has the bar of 50 times the tutorial's loop: stock `nn.LSTM` packs its
# weights again for every character; stock `nn.GRU` and `nn.RNN` do not, so there is less to gain.
SHAPES = [
    (cell, num_layers, hidden_size)
    for num_layers, hidden_size in (LARGE, SMALL, (3, 1024))
    for cell in ("lstm", "gru", "rnn")
]
EMBEDDING_SIZE = 64


def measure(setting: Setting) -> Iterator[Figure]:
    """Yield the speed of every shape, the cost of choosing a token, and the loss of precision."""
    for cell, num_layers, hidden_size in SHAPES[:2] if setting.quick else SHAPES:
        yield from _shape(setting, cell, num_layers, hidden_size)
    yield from _choices(setting)
    yield from _bars(setting)
    yield from _precision(setting)


def _shape(setting: Setting, cell: str, num_layers: int, hidden_size: int) -> Iterator[Figure]:
    model = untrained(setting, cell, num_layers, hidden_size)
    size, run = model.weight_bytes, {"run": str(model.path)}
    stock = {"text": str(setting.text), "cell": cell, "num_layers": num_layers}
    stock |= {"hidden_size": hidden_size, "embedding_size": EMBEDDING_SIZE}
    rivals = {
        "charnn": Contender("program:sample", setting, run, threads=1),
        "page": Contender("program:sample_pages", setting, run, threads=1),
        "stock": Contender("textbook:sample", setting, stock | {"device": "cpu"}, threads=1),
        "limit": Contender("limits:read", setting, {"size": size}, threads=1),
    }
    if setting.gpu:
        rivals["gpu"] = Contender("textbook:sample", setting, stock | {"device": "cuda"})
    with contenders(rivals) as ready:
        speeds = take_turns(ready, setting)
    name, one = f"{cell} {num_layers} x {hidden_size}", on(1)
    yield Figure(f"{name}: charnn", one, speeds["charnn"], "characters/s")
    yield Figure(f"{name}: charnn, the first 2,000", one, speeds["page"], "characters/s")
    yield Figure(f"{name}: stock", one, speeds["stock"], "characters/s")
    bar = at_least(50) if (cell, num_layers, hidden_size) == SHAPES[0] else None
    ratio = ratios(speeds["charnn"], speeds["stock"])
    yield Figure(f"{name}: charnn / stock", one, ratio, "x", bar)
    if setting.gpu:
        yield Figure(f"{name}: stock", "cuda", speeds["gpu"], "characters/s")
        ratio = ratios(speeds["charnn"], speeds["gpu"])
        yield Figure(f"{name}: charnn on a CPU core / stock", "cuda", ratio, "x")
    limit = [speed / size for speed in speeds["limit"]]
    yield Figure(f"{name}: reading its {size / 1e6:.1f} MB once", one, limit, "characters/s")
    share = [100 * ratio for ratio in ratios(speeds["charnn"], limit)]
    yield Figure(f"{name}: charnn / that", one, share, "%", at_least(60))


def _choices(setting: Setting) -> Iterator[Figure]:
    """Yield the time that each truncation adds to a character, relative to the network's time."""
    run = str(trained(setting, setting.text, *SMALL))
    options = {
        "greedy": {"temperature": 0},
        "plain": {},
        "top-k 40": {"top_k": 40},
        "top-p 0.9": {"top_p": 0.9},
        "min-p 0.05": {"min_p": 0.05},
    }
    with contenders(
        {
            name: Contender("program:sample", setting, {"run": run} | option, threads=1)
            for name, option in options.items()
        }
    ) as ready:
        times = _microseconds(take_turns(ready, setting))
    network = times["greedy"]
    yield Figure("lstm 1 x 384, temperature 0: about the network alone", on(1), network, "us")
    for name in list(options)[1:]:
        yield _cost(f"lstm 1 x 384, {name}", times[name], network, network)


def _bars(setting: Setting) -> Iterator[Figure]:
    """Yield the time that the grammar adds to a character, relative to the network's time."""
    model = {"run": str(trained(setting, "folk", *SMALL))}

    def rival(function: str, **options: object) -> Contender:
        return Contender(f"program:{function}", setting, model | options, threads=1)

    rivals = {
        "network": rival("sample", temperature=0),
        "off": rival("sample"),
        "strict": rival("write_tunes"),
    }
    with contenders(rivals) as ready:
        times = _microseconds(take_turns(ready, setting))
    yield _cost("folk tunes, --bars off", times["off"], times["network"], times["network"])
    yield _cost("folk tunes, --bars strict", times["strict"], times["off"], times["network"])


def _microseconds(speeds: dict[str, list[float]]) -> dict[str, list[float]]:
    """Return the time of a character in microseconds."""
    return {name: [1e6 / speed for speed in own] for name, own in speeds.items()}


def _cost(name: str, times: list[float], without: list[float], network: list[float]) -> Figure:
    """Return the added time as a share of the network's time."""
    triples = zip(times, without, network, strict=True)
    shares = [(time - base) / whole for time, base, whole in triples]
    return Figure(f"{name}: what it adds / the network", on(1), shares, "x", at_most(1))


def _precision(setting: Setting) -> Iterator[Figure]:
    """Yield the loss of the sampler's logits minus the loss in fp32, on the end of the text."""
    length = 2_000 if setting.quick else 20_000
    begin = round(0.9 * len(setting.text.read_text(encoding="utf-8")))
    for num_layers, hidden_size in (LARGE, SMALL)[: 1 if setting.quick else 2]:
        run = trained(setting, setting.text, num_layers, hidden_size)
        worse = call(
            "program:print_loss_of_precision", setting.folder, run, setting.text, begin, length
        )
        name = (
            f"lstm {num_layers} x {hidden_size}: sampler's loss above fp32, {length:,} characters"
        )
        yield Figure(name, on(1), [float(worse.output)], "nats/char", at_most(0.002))
