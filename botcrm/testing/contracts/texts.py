"""What people and machines send that nobody expects."""

HOSTILE = {
    "empty": "",
    "spaces": "   \n\t ",
    "one letter": "x",
    "html": "<b>bold</b> & <script>alert('x')</script> </a>",
    "entities": "&lt;b&gt; &amp;amp; &#0; &bogus;",
    "emoji": "👩‍👩‍👧‍👦🇵🇱 ❤️‍🔥",
    "right to left": "שלום \u202e مرحبا",
    "control": "a\u0007b\u200bc\ufeffd",
    "nul": "before\x00after",
    "sql": "'; DROP TABLE deal; --",
    "braces": "{name} {0} %s %(x)s $name",
    "numbers": "999999999999999999999999 -1 1e400 ٣",
    "lines": "one\r\ntwo\n\n\nthree\u2028four",
    "half a pair": "broken \ud83d emoji",
    "long word": "w" * 4_000,
    "long": "a lot to say " * 770,  # 10,010 characters
}
"""Texts by name."""
