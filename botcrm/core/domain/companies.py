"""A company's name as words to compare: without the legal form of whichever country."""

from __future__ import annotations

import functools
import re

from botcrm.core.domain.text import fold
from botcrm.core.domain.translit import sound

# Folded, without dots and spaces: English-speaking countries; Germany, Austria, Switzerland; Poland, Czechia, Slovakia; Russia,
# Ukraine, Belarus, Kazakhstan; France and the Low Countries; Italy, Spain, Portugal, Latin America; the north and the Baltics;
# the Balkans and Hungary; Turkey and Asia.
_LEGAL = """
ltd limited llc llp lp plc inc incorporated corp corporation co company pty ptyltd pvt private
gmbh mbh ag kg ohg ug gbr ek ev kgaa se gmbhcokg haftungsbeschrankt
spzoo spzo spoo zoo spj spk spp sp sa ska psa sro as vos ks spolka
ооо оао зао пао ао ип тоо чп тов пп фоп ат прат пат нко ooo oao zao pao
sarl sas sasu eurl sca scs snc bv nv bvba sprl vof srl
spa srls sl slu sau lda ltda eireli me sacv sadecv cv
ab asa aps oy oyj hf ehf ou uab sia ans
doo dd ad ood eood kft zrt nyrt bt rt pfa
sti kk yk gk pt tbk bhd sdn sdnbhd pteltd pte coltd
株式会社 有限会社 合同会社 有限公司 股份有限公司 주식회사
"""
_FORMS = frozenset(_LEGAL.split())
_CJK_FORMS = re.compile("株式会社|有限会社|合同会社|股份有限公司|有限公司|주식회사|[(（][株有]")
_WORD = re.compile(r"[^\W_]+")
_FILLERS = frozenset(("the", "and", "und", "i", "и", "et", "y", "e", "of", "de", "der", "die", "das"))


@functools.lru_cache(maxsize=1 << 16)
def company_words(name: str) -> tuple[str, ...]:
    """Return the folded words that tell a company from others: `ACME Sp. z o.o.` is acme, `ООО «Ромашка»` is ромашка.

    Where nothing else is left the legal form stays.
    """
    folded = fold(_CJK_FORMS.sub(" ", name))
    # Dots within a form go: s.r.o. and L.L.C. are one word each.
    folded = re.sub(r"\b((?:\w\.\s?){2,})", lambda match: re.sub(r"[.\s]", "", match[0]) + " ", folded)
    folded = re.sub(r"\b(?:sp\.?|spolka)\s*z\s*\.?\s*o\.?\s*o\.?(?=\W|$)", " spzoo ", folded)
    words = [word for word in _WORD.findall(folded) if word not in _FILLERS]
    told = [word for word in words if word not in _FORMS]
    return tuple((told or words)[:8])


@functools.lru_cache(maxsize=1 << 16)
def company_core(name: str) -> str:
    """Return the sound of a company's telling words as one text, the same for `Romashka LLC` and `ООО «Ромашка»`."""
    return " ".join(map(sound, company_words(name)))
