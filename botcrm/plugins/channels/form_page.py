"""The page that shows a form, for those who have no site of their own: one file, no script, made for a phone."""

from collections.abc import Callable, Mapping
from html import escape

from botcrm.plugins.channels.form_data import TRAP

# No script, nothing from elsewhere: what somebody types in goes to this server only.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors *"

_STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6675;--line:#c3cad4;--back:#f4f6f9;--card:#fff;--act:#1f6feb;--bad:#b42318}
@media (prefers-color-scheme:dark){:root{--ink:#e9edf3;--soft:#a3aebd;--line:#475161;--back:#12161c;--card:#1b212a;
--act:#2f6fe0;--bad:#ff9c91}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;background:var(--back);color:var(--ink);font:17px/1.45 system-ui,sans-serif;
display:flex;justify-content:center;align-items:flex-start;padding:16px}
main{width:100%;max-width:30rem;background:var(--card);border-radius:14px;padding:22px 20px 26px;
box-shadow:0 1px 4px rgb(0 0 0/.12)}
h1{font-size:1.5rem;line-height:1.2;margin:0 0 4px;overflow-wrap:anywhere}
p{margin:0 0 14px;color:var(--soft)}
label{display:block;margin:14px 0 5px;font-weight:600}
input,textarea{width:100%;font:inherit;color:inherit;background:transparent;border:1px solid var(--line);border-radius:9px;
padding:11px 12px;min-height:48px}
textarea{min-height:116px;resize:vertical}
input:focus-visible,textarea:focus-visible,button:focus-visible{outline:3px solid var(--act);outline-offset:1px}
button{width:100%;min-height:52px;margin-top:22px;border:0;border-radius:10px;background:var(--act);color:#fff;
font:600 1.05rem system-ui,sans-serif;cursor:pointer}
.bad{color:var(--bad);font-weight:600;border-left:4px solid var(--bad);padding-left:10px}
.trap{position:absolute;left:-9999px;width:1px;height:1px;overflow:hidden}
.ok{font-size:2.6rem;line-height:1;margin:0 0 10px;color:var(--ink)}
"""

Say = Callable[[str], str]


def _page(language: str, title: str, body: str) -> str:
    return (
        f'<!doctype html>\n<html lang="{escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{escape(title)}</title><style>{_STYLE}</style></head>'
        f"<body><main>{body}</main></body></html>\n"
    )


def form_page(
    t: Say, language: str, title: str, values: Mapping[str, str], hidden: Mapping[str, str], wrong: str = ""
) -> str:
    """Return the page with the form.

    :param values: what is filled in already, by field
    :param hidden: what goes along unseen, as the link's utm_source
    :param wrong: what has to be mended, above the fields
    """

    def field(name: str, label: str, kind: str, fill: str) -> str:
        value = escape(values.get(name, ""), quote=True)
        return (
            f'<label for="{name}">{escape(label)}</label>'
            f'<input id="{name}" name="{name}" type="{kind}" autocomplete="{fill}" maxlength="300" value="{value}">'
        )

    fields = (
        field("name", t("Your name"), "text", "name"),
        field("phone", t("Phone"), "tel", "tel"),
        field("email", t("E-mail"), "email", "email"),
        field("company", t("Company (if you like)"), "text", "organization"),
        (
            f'<label for="text">{escape(t("What can we do for you?"))}</label>'
            f'<textarea id="text" name="text" maxlength="5000">{escape(values.get("text", ""))}</textarea>'
        ),
    )
    unseen = "".join(
        f'<input type="hidden" name="{escape(name, quote=True)}" value="{escape(value, quote=True)}">'
        for name, value in hidden.items()
    )
    body = (
        f"<h1>{escape(title)}</h1><p>{escape(t('A phone number or an e-mail address is enough.'))}</p>"
        + (f'<p class="bad" role="alert">{escape(wrong)}</p>' if wrong else "")
        + f'<form method="post">{"".join(fields)}{unseen}'
        f'<div class="trap" aria-hidden="true"><label for="{TRAP}">-</label>'
        f'<input id="{TRAP}" name="{TRAP}" tabindex="-1" autocomplete="off"></div>'
        f"<button>{escape(t('Send'))}</button></form>"
    )
    return _page(language, title, body)


def thanks_page(t: Say, language: str, title: str) -> str:
    """Return the page shown when the form was taken."""
    body = f'<p class="ok">✓</p><h1>{escape(t("Thank you!"))}</h1><p>{escape(t("We have got it and will call or write soon."))}</p>'
    return _page(language, title, body)


def short_page(t: Say, language: str, text: str) -> str:
    """Return a page with one sentence."""
    return _page(language, text, f"<h1>{escape(text)}</h1>")
