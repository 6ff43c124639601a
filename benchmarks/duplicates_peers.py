"""The peers of duplicates.py, run by an interpreter that has them: python duplicates_peers.py splink|recordlinkage IN.csv OUT.csv

Both get the fields folded and split as their manuals advise, blocks for every field that may bring two together, and their own
ways to weigh: splink's expectation maximisation with term frequencies for names, recordlinkage's comparisons with a hand-set rule.
OUT.csv has a line for each pair: two external ids and a likelihood, of which 0.5 is the default threshold.
`febrl DIR -` writes febrl's four sets instead.
"""

import contextlib
import csv
import importlib
import json
import os
import re
import sys
import unicodedata
import warnings
from pathlib import Path
from typing import Any

FIELDS = ("name", "phone", "email", "company", "birth_date", "street", "city", "postcode", "region", "tax_id")


def _library(name: str) -> Any:
    """Import what only the peers' interpreter has."""
    return importlib.import_module(name)


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold().replace("ł", "l"))
    return "".join(c for c in plain if not unicodedata.combining(c))


def _rows(source: Path) -> list[dict[str, str | None]]:
    found = []
    with source.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            words = re.findall(r"\w+", _fold(row["name"]))
            found.append(
                {
                    "unique_id": row["external_id"],
                    "given": words[0] if words else None,
                    "surname": words[-1] if len(words) > 1 else None,
                    "whole": f"{words[0]} {words[-1]}" if len(words) > 1 else None,
                    "phone": ("+" + re.sub(r"\D", "", row.get("phone") or "")).replace("+00", "+").strip("+") or None,
                    **{name: _fold(row.get(name) or "").strip() or None for name in FIELDS[2:]},
                }
            )
    return found


def _present(rows: list[dict[str, str | None]]) -> list[str]:
    """Return the fields that a set has at all."""
    return [name for name in ("given", "surname", *FIELDS[1:]) if any(row[name] for row in rows)]


# --- splink ----------------------------------------------------------------------------------------------------------


def splink(source: Path, out: Path) -> None:
    """Link by splink on DuckDB, its parameters estimated on the set itself."""
    pd, lib = _library("pandas"), _library("splink")
    cl, backend = _library("splink.comparison_library"), _library("splink.backends.duckdb")
    rows = _rows(source)
    have = _present(rows)
    frame = pd.DataFrame(rows)
    # A family shares its address: where there are telephones splink does better without (F1 at 10,000: .78 at best instead of .55).
    left_out = {"company", "street", "city", "postcode", "region"} if "phone" in have else {"company"}
    kinds: dict[str, Any] = {
        "given": lambda: cl.ForenameSurnameComparison("given", "surname", forename_surname_concat_col_name="whole"),
        "phone": lambda: cl.ExactMatch("phone").configure(term_frequency_adjustments=True),
        "email": lambda: cl.JaroWinklerAtThresholds("email", [0.9]).configure(term_frequency_adjustments=True),
        "birth_date": lambda: cl.LevenshteinAtThresholds("birth_date", [1, 2]),
        "street": lambda: cl.JaroWinklerAtThresholds("street", [0.9]),
        "city": lambda: cl.ExactMatch("city").configure(term_frequency_adjustments=True),
        "postcode": lambda: cl.ExactMatch("postcode"),
        "region": lambda: cl.ExactMatch("region"),
        "tax_id": lambda: cl.LevenshteinAtThresholds("tax_id", [1]),
    }
    blocks = [("phone",), ("email",), ("tax_id",), ("birth_date", "surname"), ("birth_date", "given")]
    if "phone" not in have:
        blocks += [("birth_date",), ("street",), ("postcode", "city")]
    blocks += [("given", "surname"), ("surname", "postcode"), ("given", "postcode"), ("street", "postcode")]
    rules = [lib.block_on(*block) for block in blocks if set(block) <= set(have)]
    settings = lib.SettingsCreator(
        link_type="dedupe_only",
        comparisons=[kinds[name]() for name in have if name in kinds and name not in left_out],
        blocking_rules_to_generate_predictions=rules,
        probability_two_random_records_match=0.1 / len(rows),
    )
    engine = backend.DuckDBAPI()
    linker = lib.Linker(engine.register(frame), settings)
    sure = [("phone", "given"), ("email", "given"), ("birth_date", "given", "surname"), ("tax_id", "given")]
    linker.training.estimate_probability_two_random_records_match(
        [lib.block_on(*block) for block in sure if set(block) <= set(have)], recall=0.7
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=5e6, seed=1)
    for block in (("given", "surname"), ("phone",), ("email",), ("birth_date", "surname"), ("street", "postcode")):
        if set(block) <= set(have):
            # A rule under which too few pairs meet teaches nothing, and is no reason to end.
            with contextlib.suppress(Exception):
                linker.training.estimate_parameters_using_expectation_maximisation(lib.block_on(*block))
    pairs = linker.inference.predict(threshold_match_probability=0.001).as_pandas_dataframe()
    columns = ["unique_id_l", "unique_id_r", "match_probability"]
    pairs[columns].to_csv(out, header=False, index=False)


# --- recordlinkage ---------------------------------------------------------------------------------------------------


def recordlinkage(source: Path, out: Path) -> None:
    """Link by recordlinkage: a weighted mean of the comparisons of the fields that both have, names needed."""
    pd, lib = _library("pandas"), _library("recordlinkage")
    rows = _rows(source)
    have = _present(rows)
    frame = pd.DataFrame(rows).set_index("unique_id")
    indexer = lib.Index()
    blocks = [["phone"], ["email"], ["tax_id"], ["birth_date"], ["given", "surname"], ["surname", "postcode"]]
    for block in blocks:
        if set(block) <= set(have):
            indexer.block(block)
    pairs = indexer.index(frame)
    compare = lib.Compare()
    weights = {"given": 2, "surname": 2, "phone": 3, "email": 3, "birth_date": 3, "tax_id": 3, "street": 1, "city": 0.5}
    if "phone" not in have:
        # febrl as its manual does it: three fields that agree are enough.
        weights = dict.fromkeys(("given", "surname", "birth_date", "tax_id", "street", "city", "postcode"), 1)
    for name in [name for name in weights if name in have]:
        if name in ("phone", "email", "birth_date", "tax_id", "postcode"):
            compare.exact(name, name, label=name, missing_value=float("nan"))
        else:
            compare.string(name, name, method="jarowinkler", label=name, missing_value=float("nan"))
    vectors = compare.compute(pairs, frame)
    if "phone" not in have:
        agree = ((vectors > 0.85) * 1.0).sum(axis=1)
        likely = (agree / 6).clip(0, 1)
        likely[likely > 0.2].to_csv(out, header=False)
        return
    # Swapped names count as well.
    cross = lib.Compare()
    cross.string("given", "surname", method="jarowinkler", label="a")
    cross.string("surname", "given", method="jarowinkler", label="b")
    swapped = cross.compute(pairs, frame)
    weighed = pd.Series(weights)[vectors.columns]
    mean = (vectors * weighed).sum(axis=1) / (vectors.notna() * weighed).sum(axis=1)
    name = vectors[["given", "surname"]].min(axis=1).combine(swapped.min(axis=1), max)
    score = mean.where(name > 0.75, mean * 0.4)
    # The hand rule takes 0.7 for enough; written so that it is 0.5 here.
    likely = (score - 0.2).clip(0, 1)
    likely[likely > 0.2].to_csv(out, header=False)


# --- febrl -----------------------------------------------------------------------------------------------------------


def febrl(folder: Path) -> None:
    """Write febrl's sets as botcrm's columns, and their true pairs."""
    data = _library("recordlinkage.datasets")
    pd = _library("pandas")
    for number in (1, 2, 3, 4):
        loaded = getattr(data, f"load_febrl{number}")(return_links=True)
        frame, links = (pd.concat(loaded[:2]), loaded[2]) if number == 4 else loaded
        frame = frame.fillna("").astype(str)
        with (folder / f"febrl{number}.csv").open("w", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            out.writerow(("external_id", *FIELDS))
            for key, row in frame.iterrows():
                name = f"{row['given_name']} {row['surname']}".strip()
                street = " ".join(filter(None, (row["street_number"], row["address_1"], row["address_2"])))
                # As it stands there: some are no days, e.g. 19180135.
                born = row["date_of_birth"].partition(".")[0]
                place = (row["suburb"], row["postcode"], row["state"], row["soc_sec_id"])
                out.writerow((key, name, "", "", "", born, street, *place))
        (folder / f"febrl{number}.json").write_text(json.dumps([list(pair) for pair in links]))


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    os.environ.setdefault("TQDM_DISABLE", "1")
    what, source, target = sys.argv[1:4]
    if what == "febrl":
        febrl(Path(source))
    else:
        {"splink": splink, "recordlinkage": recordlinkage}[what](Path(source), Path(target))
