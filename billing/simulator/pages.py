"""HTML of the hosted pages: one frame, no scripts, no inline style."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from .errors import Obj

_CSS = Path(__file__).parent / "data" / "simulator.css"
_POLICY = "default-src 'none'; style-src 'self'; frame-ancestors 'none'"


@dataclass
class Page:
    """An answer to a browser, or to a program at the control API."""

    body: bytes
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


def html(title: str, inner: str, *, status: int = 200, wide: bool = False) -> Page:
    frame = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} - Local Stripe simulator</title>
<link rel="stylesheet" href="/static/simulator.css">
</head>
<body>
<header class="note">Local Stripe simulator - no real money</header>
<main{' class="wide"' if wide else ""}>
{inner}
</main>
</body>
</html>
"""
    return Page(frame.encode(), status, headers={"Content-Security-Policy": _POLICY})


def data(value: Obj | list[Obj], *, status: int = 200) -> Page:
    return Page((json.dumps(value, indent=1) + "\n").encode(), status, "application/json")


def redirect(url: str) -> Page:
    return Page(b"", 303, headers={"Location": url})


def stylesheet() -> Page:
    return Page(_CSS.read_bytes(), content_type="text/css; charset=utf-8")


def not_found() -> Page:
    return html(
        "Not found", "<h1>There is nothing here</h1><p>The link is old, or the simulator was reset.</p>", status=404
    )


def alert(message: str | None, *, good: bool = False) -> str:
    if not message:
        return ""
    return f'<p class="{"good" if good else "bad"}" role="{"status" if good else "alert"}">{escape(message)}</p>'


def table(heads: list[str], rows: list[list[str]], *, numbers: tuple[int, ...] = ()) -> str:
    """Cells are HTML already; `numbers` are the columns set to the right."""

    def cell(tag: str, column: int, text: str) -> str:
        scope = ' scope="col"' if tag == "th" else ""
        return f"<{tag}{scope}{' class=number' if column in numbers else ''}>{text}</{tag}>"

    head = "".join(cell("th", column, escape(text)) for column, text in enumerate(heads))
    body = "".join("<tr>" + "".join(cell("td", i, text) for i, text in enumerate(row)) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def card_form(action: str, button: str, *, email: bool = False) -> str:
    """The fields of a card; the test numbers are told below it."""
    mail = (
        '<label for="email">E-mail</label><input id="email" name="email" type="email" autocomplete="email" required>'
        if email
        else ""
    )
    return f"""<form method="post" action="{escape(action)}">
{mail}<label for="card_number">Card number</label>
<input id="card_number" name="card_number" inputmode="numeric" autocomplete="cc-number" required maxlength="23"
 placeholder="4242 4242 4242 4242">
<div class="pair">
<div><label for="card_expiry">Expiry</label>
<input id="card_expiry" name="card_expiry" autocomplete="cc-exp" placeholder="12 / 34" maxlength="7"></div>
<div><label for="card_cvc">Security code</label>
<input id="card_cvc" name="card_cvc" inputmode="numeric" autocomplete="cc-csc" placeholder="123" maxlength="4"></div>
</div>
<button type="submit">{escape(button)}</button>
</form>
<details><summary>Test cards</summary>
<p>4242 4242 4242 4242 pays. 4000 0000 0000 0341 is kept and then declined. 4000 0000 0000 0002 is declined at once.
4000 0027 6000 3184 asks for authentication. 4000 0084 0000 1629 asks and is then declined.</p></details>"""


def buttons(action: str, *choices: tuple[str, str, str], second: bool = True) -> str:
    """One form with a button for each (name, value, text); those after the first look secondary."""
    made = [
        f'<button type="submit" name="{escape(name)}" value="{escape(value)}"'
        f"{' class=second' if second and number else ''}>{escape(text)}</button>"
        for number, (name, value, text) in enumerate(choices)
    ]
    return f'<form method="post" action="{escape(action)}">{"".join(made)}</form>'
