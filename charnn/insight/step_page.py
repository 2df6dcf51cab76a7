"""The page that plays the steps of a cell."""

from typing import TYPE_CHECKING, Any

from charnn.insight.html_page import escape, html_page, picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BODY = """<p class="quiet">At each step the cell reads a token x and its own output h. For each
gate, the sums are i_x = W x + b and i_h = U h + b, one row of the matrices for this unit; a prime
marks the values after the step. The arrow keys move the slider.</p>
<div class="text" id="text"></div>
<div class="panel">
<p><label for="place">Step</label>
<input type="range" id="place" min="0" max="{last}" value="0" step="1"></p>
<p><button type="button" id="back">Back</button> <button type="button" id="on">On</button>
<button type="button" id="play" aria-pressed="false">Play</button>
<label for="unit">Unit</label> <select id="unit">{units}</select></p>
</div>
<p id="said" aria-live="polite"></p>
<p class="quiet" id="vectors"></p>
<div class="scroll" tabindex="0" role="region" aria-label="Equations with numbers">
<table id="equations"><thead><tr><th scope="col">equation</th><th scope="col">value</th>
<th scope="col">bar</th><th scope="col">with the numbers</th></tr></thead>
<tbody></tbody></table></div>
<h2>All steps</h2>
{picture}
"""


def step_page(title: str, data: dict[str, Any], figure: "Figure") -> bytes:
    """Return the page.

    Args:
        title: its title.
        data: the values and the filled equations, see `charnn.insight.cell_steps.CellSteps.page`.
        figure: the picture of all steps.
    """
    units = "".join(
        f'<option value="{number}">{escape(unit)}</option>'
        for number, unit in enumerate(data["units"])
    )
    about = (
        f"Lines of {', '.join(data['equations'])} over the text, a plot for each unit. The table"
        "  above has the numbers of each step."
    )
    body = _BODY.format(last=len(data["tokens"]) - 1, units=units, picture=picture(figure, about))
    return html_page(title, body, data=data, scripts=["slider.js", "step.js"])
