"""The classifiers: naive Bayes, logistic regression, and the area under the ROC curve."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from charnn.music.form.logistic_regression import LogisticRegression, auc
from charnn.music.form.naive_bayes import SMOOTHING, NaiveBayes
from charnn.music.form.separability import MIN_TUNES, separability


class TestNaiveBayes:
    def test_the_likeliest_class(self) -> None:
        bayes = NaiveBayes([("a", "xxy"), ("a", "x"), ("b", "yyz")])
        assert bayes.classes == {"a", "b"}
        assert [bayes.classify(bag) for bag in ("x", "y", "zz", "", "?")] == [*"aabaa"]

    def test_an_example_is_left_out(self) -> None:
        """The answer is that of a classifier that never saw the example."""
        examples = [("a", "xxy"), ("a", "xyy"), ("b", "xyz"), ("b", "zzy"), ("b", "x")]
        for number, (name, bag) in enumerate(examples):
            others = NaiveBayes([*examples[:number], *examples[number + 1 :]])
            left_out = NaiveBayes(examples).classify(bag, learned_as=name)
            assert left_out == others.classify(bag)

    def test_a_class_whose_only_example_is_left_out_is_not_told(self) -> None:
        bayes = NaiveBayes([("a", "x"), ("b", "z"), ("b", "zz")])
        assert bayes.classify("x", learned_as="a") == "b"

    @pytest.mark.parametrize(
        ("bag", "expected"),
        [
            ("x", "b"),  # P(x | a) = 2/5 < P(x | b) = 4/7
            ("y", "a"),  # 2/5 > 2/7
            ("xy", "b"),  # 4/25 < 8/49
            ("xyy", "a"),  # 8/125 > 16/343
            ("?", "a"),  # 1/5 > 1/7
        ],
    )
    def test_the_smoothed_formula(self, bag: str, expected: str) -> None:
        assert SMOOTHING == 1
        assert NaiveBayes([("a", "xy"), ("b", "xxxy")]).classify(bag) == expected


scores = arrays(np.float64, st.integers(2, 40), elements=st.integers(-5, 5).map(float))


class TestAuc:
    @given(scores, st.randoms(use_true_random=False))
    def test_it_is_the_share_of_pairs_in_order(self, values: np.ndarray, random: object) -> None:
        positive = np.arange(len(values)) % 2 == 0
        weights = 1.0 + np.arange(len(values)) % 3
        pairs = [
            (w * v, 1.0 if one > other else 0.5 if one == other else 0.0)
            for one, w in zip(values[positive], weights[positive], strict=True)
            for other, v in zip(values[~positive], weights[~positive], strict=True)
        ]
        expected = sum(w * share for w, share in pairs) / sum(w for w, _ in pairs)
        assert auc(values, positive, weights) == pytest.approx(expected)

    @given(scores)
    def test_opposite_scores_have_the_opposite_area(self, values: np.ndarray) -> None:
        positive, weights = np.arange(len(values)) % 2 == 0, np.ones(len(values))
        assert auc(values, positive, weights) == pytest.approx(1 - auc(-values, positive, weights))
        assert auc(np.exp(values), positive, weights) == auc(values, positive, weights)

    def test_perfect_equal_and_worst_scores(self) -> None:
        positive, weights = np.array([False, False, True, True]), np.ones(4)
        assert auc(np.array([1.0, 2, 3, 4]), positive, weights) == 1
        assert auc(np.zeros(4), positive, weights) == 0.5
        assert auc(np.array([4.0, 3, 2, 1]), positive, weights) == 0


class TestLogisticRegression:
    def test_the_minimum_has_no_gradient(self) -> None:
        random = np.random.default_rng(3)
        x = random.standard_normal((80, 3))
        y = x[:, 0] + random.standard_normal(80) > 0
        weights = random.uniform(0.5, 2, 80)
        fitted = LogisticRegression(x, y, weights, ridge=1.0)
        logits = fitted.scores(x)
        residual = weights * (1 / (1 + np.exp(-logits)) - y)
        assert residual.sum() == pytest.approx(0, abs=1e-5)  # of the intercept
        # The coefficients of standardised features, from the differences of logits.
        mean = weights @ x / weights.sum()
        spread = np.sqrt(weights @ (x - mean) ** 2 / weights.sum())
        unit = np.vstack([mean, mean + np.diag(spread)])
        at_mean, *at_units = fitted.scores(unit)
        coefficients = np.array(at_units) - at_mean
        assert ((x - mean) / spread).T @ residual == pytest.approx(-coefficients, abs=1e-5)

    def test_unknown_and_constant_features_do_no_harm(self) -> None:
        x = np.array([[0.0, 1, np.nan], [1, 1, np.nan], [np.nan, 1, np.nan], [3, 1, np.nan]])
        y = np.array([False, False, True, True])
        fitted = LogisticRegression(x, y, np.ones(4), ridge=1.0)
        assert np.isfinite(fitted.scores(x)).all()
        unknown, mean = fitted.scores(np.array([[np.nan] * 3, [4 / 3, 1, 7]]))
        assert unknown == pytest.approx(mean)


class TestSeparability:
    """Sets that are alike cannot be told apart, and sets that differ can."""

    @settings(max_examples=20)  # every seed draws another thousand numbers
    @given(st.integers(0, 2**32 - 1))
    def test_equal_distributions(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        real, weights = random.standard_normal((900, 4)), random.uniform(0.5, 1.5, 900)
        found = separability(random.standard_normal((300, 4)), real, weights)
        # The standard error of the area is about sqrt((1/300 + 1/900) / 12) = 0.02.
        assert found is not None
        assert abs(found.auc - 0.5) < 0.1

    @settings(max_examples=20)  # every seed draws another thousand numbers
    @given(st.integers(0, 2**32 - 1), st.sampled_from([1, -1]))
    def test_separate_distributions(self, seed: int, side: int) -> None:
        random = np.random.default_rng(seed)
        new, real = random.uniform(0, 1, (60, 3)), random.uniform(0, 1, (90, 3))
        new[:, 1] += 2 * side
        found = separability(new, real, np.ones(90))
        assert found is not None
        assert found.auc == pytest.approx(1)
        assert max(found.coefficients, key=abs) == found.coefficients[1]
        assert side * found.coefficients[1] > 0

    def test_weights_can_make_two_sets_alike(self) -> None:
        """Half of the new tunes are jigs, and a tenth of the real ones: the rest weighs less."""
        random = np.random.default_rng(0)
        new, real = np.zeros((400, 1)), np.zeros((1000, 1))
        new[:200], real[:100] = 1, 1
        new, real = (x + random.normal(0, 0.1, x.shape) for x in (new, real))
        weights = np.where(np.arange(1000) < 100, 200 / 100, 200 / 900)
        weighted, plain = (separability(new, real, each) for each in (weights, np.ones(1000)))
        assert weighted is not None
        assert plain is not None
        assert abs(weighted.auc - 0.5) < 0.06
        assert plain.auc > 0.65

    def test_too_few_tunes(self) -> None:
        many, few = np.zeros((MIN_TUNES, 1)), np.zeros((MIN_TUNES - 1, 1))
        assert separability(few, many, np.ones(len(many))) is None
        assert separability(many, few, np.ones(len(few))) is None
        assert separability(many, many, np.ones(len(many)) * (np.arange(len(many)) > 0)) is None
        enough = separability(many, many, np.ones(len(many)))
        assert enough is not None
        assert enough.auc == pytest.approx(0.5)
