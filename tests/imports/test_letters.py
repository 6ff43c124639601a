"""What else a text may be written in, for whoever sees that its letters are wrong."""

from __future__ import annotations

import pytest

from botcrm.imports.encodings import detect, likely

LINES = {
    "cp1250": "Imię;Miasto\nŁukasz Żółć;Gdańsk\n",
    "iso8859-2": "Imię;Miasto\nŁukasz Żółć;Gdańsk\n",
    "cp852": "Imię;Miasto\nŁukasz Żółć;Gdańsk\n",
    "cp1251": "Имя;Город\nПётр Сидоров;Рязань\n",
    "koi8-r": "Имя;Город\nАнна Иванова;Москва\n",
    "cp866": "Имя;Город\nАнна Иванова;Москва\n",
    "iso8859-5": "Имя;Город\nАнна Иванова;Москва\n",
    "mac-cyrillic": "Имя;Город\nАнна Иванова;Москва\n",
    "cp1252": "Name;Ort\nJürgen Müller;Köln\n",
    "cp850": "Name;Ort\nJürgen Müller;Köln\n",
    "mac-roman": "Nom;Ville\nFrançois Lefèvre;Orléans\n",
    "cp1253": "Όνομα;Πόλη\nΓιώργος Παπαδόπουλος;Αθήνα\n",
    "cp1254": "Ad;Şehir\nGökçe Çağlar;Eskişehir\n",
    "cp1257": "Vardas;Miestas\nŽydrūnas Šarūnas;Kėdainiai\n",
    "cp932": "名前,都市\n山田太郎,東京\n",
    "euc-jp": "名前,都市\n山田太郎,東京\n",
    "gb18030": "姓名,城市\n张伟,北京\n",
    "big5": "姓名,城市\n陳大文,臺北\n",
    "euc-kr": "이름,도시\n김민수,서울\n",
}


@pytest.mark.parametrize("encoding", LINES)
def test_the_right_one_is_among_those_offered(encoding: str) -> None:
    text = LINES[encoding]
    found = likely(text.encode(encoding))
    assert any(text.encode(encoding).decode(name) == text for name in found), found
    assert len(found) <= 5
    assert len(set(found.values())) == len(found), "each reads otherwise"
    assert all(not line.isascii() for line in found.values()), "and by a line that tells"


def test_nothing_is_offered_where_nothing_is_in_doubt() -> None:
    for text in ("plain;text\n", LINES["cp1251"], "﻿" + LINES["cp1250"]):
        assert likely(text.encode()) == {}
    assert likely(LINES["cp1251"].encode("utf-16")) == {}


def test_a_letter_cut_in_two_at_the_end_of_the_sample_changes_nothing() -> None:
    text = LINES["cp932"] * 50
    assert detect(text.encode("cp932")[:-2]) == "cp932"
    assert next(iter(likely(text.encode("cp932")[:-2]))) == "cp932"
