"""Write banks.tsv and branches.tsv from the PyPI package zengin-code; see README.md for the steps."""
import json
import pathlib
import sys
import unicodedata

VOICED, SEMI_VOICED = "\u3099", "\u309a"
# Full-width katakana to half-width: NFKC of U+FF66..U+FF9D read backwards.
HALF = {unicodedata.normalize("NFKC", chr(c)): chr(c) for c in range(0xFF66, 0xFF9E)}
HALF |= {VOICED: "\uff9e", SEMI_VOICED: "\uff9f"}


def half_width(kana: str) -> str:
    """ミズホ -> ﾐｽﾞﾎ; full-width letters, digits and signs become ASCII, a point (not allowed in bank names) a space."""
    decomposed = unicodedata.normalize("NFKD", kana.replace("ー", "-").replace("．", " "))
    half = "".join(HALF.get(c, c) for c in decomposed)
    assert all(c in "- " or c.isascii() and c.isalnum() or "\uff66" <= c <= "\uff9f" for c in half), kana
    assert len(half) <= 15, kana
    return half.rstrip()


def main(source: pathlib.Path, target: pathlib.Path) -> None:
    banks = json.loads((source / "banks.json").read_text("utf-8"))
    rows = [f"{code}\t{half_width(b['kana'])}\t{b['name']}" for code, b in sorted(banks.items())]
    (target / "banks.tsv").write_text("\n".join(rows) + "\n", "utf-8", newline="\n")
    rows = []
    for code in sorted(banks):  # files of banks that have closed are left out
        for branch, b in sorted(json.loads((source / "branches" / f"{code}.json").read_text("utf-8")).items()):
            rows.append(f"{code}{branch}\t{half_width(b['kana'])}\t{b['name']}")
    (target / "branches.tsv").write_text("\n".join(rows) + "\n", "utf-8", newline="\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(__file__).parent)
