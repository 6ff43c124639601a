"""Know currencies by code, sign and word."""

from __future__ import annotations

# ISO 4217, the currencies in use.
_ALL = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF
    IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK
    MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR
    SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED
    VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"""
CODES = frozenset(_ALL.split())

# Lower case is read only where the code is no English word (`12k all`, `3 try`).
_LOWER_CODES = "usd eur pln gbp rub jpy uah chf czk huf sek nok dkk cad aud nzd cny inr kzt byn ils bgn krw"
_LOWER = frozenset(_LOWER_CODES.split())

_SIGNS = {
    "€": "EUR",
    "£": "GBP",
    "₽": "RUB",
    "₴": "UAH",
    "₸": "KZT",
    "₹": "INR",
    "₪": "ILS",
    "₩": "KRW",
    "₺": "TRY",
    "₾": "GEL",
    "₫": "VND",
    "円": "JPY",
    "zł": "PLN",
    "zl": "PLN",
    "zł.": "PLN",
    "złotych": "PLN",
    "kč": "CZK",
    "ft": "HUF",
    "руб": "RUB",
    "руб.": "RUB",
    "р": "RUB",
    "р.": "RUB",
    "грн": "UAH",
    "грн.": "UAH",
    "euro": "EUR",
    "euros": "EUR",
    "евро": "EUR",
    "dollars": "USD",
    "元": "CNY",
}

# A sign that several currencies share means the default currency, if that is one of them.
_DOLLARS = "USD AUD CAD NZD HKD SGD MXN ARS CLP COP TWD BBD BSD BZD FJD JMD NAD TTD UYU XCD"
_SHARED = {
    "$": ("USD", frozenset(_DOLLARS.split())),
    "¥": ("JPY", frozenset({"JPY", "CNY"})),
    "kr": ("SEK", frozenset({"SEK", "NOK", "DKK", "ISK"})),
}


def currency_of(word: str, default_currency: str) -> str | None:
    """Give the ISO code that a sign, a code or a word means; None if it means no currency."""
    if word in CODES:
        return word
    low = word.lower().replace("￥", "¥")
    shared = _SHARED.get(low)
    if shared is not None:
        return default_currency if default_currency in shared[1] else shared[0]
    return low.upper() if low in _LOWER else _SIGNS.get(low)


SIGNS_AHEAD = r"[$€£¥￥₽₴₸₹₪₩₺₾₫]"
"""A pattern of the signs that stand right before a number."""
