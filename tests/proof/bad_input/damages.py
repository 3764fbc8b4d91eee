"""What happens to files: one damage at a time, applied to a good one."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

TEXT = ("toml", "csv", "json", "json lines")
GIGABYTE = 1 << 30
WATCHDOG_LOGS = ("watchdog.jsonl (safe)", "watchdog.jsonl (not safe)")


@dataclass(frozen=True)
class Damage:
    """One damage; `forms` it can happen to, every form when empty. `kinds`: only to these files."""

    name: str
    apply: Callable[[Path], object]
    forms: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    def happens_to(self, kind: str, form: str) -> bool:
        """Return whether it can happen to a file."""
        return (not self.forms or form in self.forms) and (not self.kinds or kind in self.kinds)


def rewritten(change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    """Return the damage that replaces the bytes of a file."""
    return lambda path: path.write_bytes(change(path.read_bytes()))


def replaced(old: str, new: str) -> Callable[[Path], object]:
    """Return the damage that replaces the first occurrence of a text, which must be there."""

    def change(data: bytes) -> bytes:
        if old.encode() not in data:
            raise ValueError(f"no {old!r} in the file")
        return data.replace(old.encode(), new.encode(), 1)

    return rewritten(change)


def instead(make: Callable[[Path], object]) -> Callable[[Path], object]:
    """Return the damage that puts something else in the place of a file."""

    def apply(path: Path) -> None:
        path.unlink()
        make(path)

    return apply


def _grown(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(GIGABYTE)


def _absurd_shape(path: Path) -> None:
    with h5py.File(path, "a") as root:
        del root["/entry/mass/time"]
        root["/entry/mass"].create_dataset("time", shape=(1 << 40,), dtype="<i8", chunks=(65536,), compression="gzip")


def _external_link(path: Path) -> None:
    with h5py.File(path, "a") as root:
        del root["/entry/mass/mass_g"]
        root["/entry/mass/mass_g"] = h5py.ExternalLink("other.h5", "/mass")


def _own_parent(path: Path) -> None:
    with h5py.File(path, "a") as root:
        root["/entry/mass/loop"] = root["/entry"]


def _one_sample(path: Path) -> None:
    with h5py.File(path, "a") as root:
        root["/entry/mass/mass_g"][3] += 1e-6


def _units(path: Path) -> None:
    with h5py.File(path, "a") as root:
        root["/entry/mass/mass_g"].attrs["units"] = np.bytes_(b"mg")


def _other_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as root:
        root["entry/data"] = [1.0, 2.0]


def _newer_layout(path: Path) -> None:
    with h5py.File(path, "a") as root:
        root["/entry/definition"].attrs["version"] = np.bytes_(b"9.0.0")


def sql(*statements: str) -> Callable[[Path], object]:
    """Return the damage of SQL statements; each must do something."""

    def apply(path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)

    return apply


def _other_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")


ENDLESS_VIEW = (
    "CREATE VIEW header AS WITH RECURSIVE n(name) AS (SELECT '1' UNION ALL SELECT name || '' FROM n) "
    "SELECT name, name AS value FROM n"
)

DAMAGES = (
    Damage("missing", lambda path: path.unlink()),
    Damage("empty", lambda path: path.write_bytes(b"")),
    Damage("cut in the middle", rewritten(lambda data: data[: len(data) * 5 // 9])),
    Damage("a folder", instead(lambda path: path.mkdir())),
    Damage("a named pipe", instead(os.mkfifo)),
    Damage("a device", instead(lambda path: path.symlink_to("/dev/zero"))),
    Damage("a link to itself", instead(lambda path: path.symlink_to(path.name))),
    Damage("nobody may read it", lambda path: path.chmod(0), (*TEXT, "sqlite")),
    Damage("1 GB", _grown),
    Damage("random bytes", lambda path: path.write_bytes(np.random.default_rng(1).bytes(5000))),
    Damage("UTF-16", rewritten(lambda data: data.decode().encode("utf-16")), TEXT),
    Damage("UTF-8 with byte-order mark", rewritten(lambda data: b"\xef\xbb\xbf" + data), TEXT),
    Damage("a byte 0x00", rewritten(lambda data: data[:100] + b"\0" + data[100:]), TEXT),
    Damage("a byte 0xff", rewritten(lambda data: data[:100] + b"\xff" + data[100:]), TEXT),
    Damage("Windows line ends", rewritten(lambda data: data.replace(b"\n", b"\r\n")), TEXT),
    Damage("a key twice", rewritten(lambda data: data + b"\n[zz]\na = 1\na = 2\n"), ("toml",)),
    Damage("lists 100,000 deep", lambda path: path.write_text("a = " + "[" * 100_000), ("toml",)),
    Damage("tables 900 deep", rewritten(lambda data: data + b"\n[zz" + b".a" * 900 + b"]\n"), ("toml",)),
    Damage(
        "20,000 unknown keys",
        rewritten(lambda data: b"".join(b"k%d=1\n" % i for i in range(20_000)) + data),
        ("toml",),
    ),
    Damage("a key of 500 kB", rewritten(lambda data: b"a" * 500_000 + b" = 1\n" + data), ("toml",)),
    Damage("a number of 5,000 digits", rewritten(lambda data: b"zz = " + b"9" * 5000 + b"\n" + data), ("toml",)),
    Damage("a key in the wrong unit", replaced("balance_period_s", "balance_period_ms"), (), ("station.toml",)),
    Damage("a number as text", replaced("balance_period_s = 1.0", 'balance_period_s = "1.0"'), (), ("station.toml",)),
    Damage("NaN", replaced("balance_period_s = 1.0", "balance_period_s = nan"), (), ("station.toml",)),
    Damage("infinite", replaced("burst_pressure_kpa = 200.0", "burst_pressure_kpa = inf"), (), ("station.toml",)),
    Damage("a key in the wrong unit", replaced("capillary_ul", "capillary_ml"), (), ("twin.toml",)),
    Damage("NaN", replaced("capillary_ul = 0.2", "capillary_ul = nan"), (), ("twin.toml",)),
    Damage("a key in the wrong unit", replaced("dose_ug_per_day", "dose_mg_per_day"), (), ("plan",)),
    Damage("NaN", replaced("dose_ug_per_day = 108.0", "dose_ug_per_day = nan"), (), ("plan",)),
    Damage("limits the wrong way round", replaced("low = -14.5", "low = 14.6"), (), ("plan",)),
    Damage("an unknown unit", replaced('unit = "mmHg"', 'unit = "mmHgg"'), (), ("conditions",)),
    Damage("infinite", replaced("capacity_g = 220.0", "capacity_g = inf"), (), ("conditions",)),
    Damage("one line without end", lambda path: path.write_bytes(b"1" * 9_000_000), ("csv",)),
    Damage("a column named otherwise", replaced("t;", "T;"), ("csv",)),
    Damage("a column named twice", rewritten(lambda data: data.replace(b"t;", b"t;t;", 1)), ("csv",)),
    Damage("NaN", replaced("\n4;", "\nNaN;"), (), ("data file",)),
    Damage("infinite", replaced("\n4;", "\n-inf;"), (), ("data file",)),
    Damage("a comma for the point", rewritten(lambda data: data.replace(b".", b",")), ("csv",)),
    Damage("a row short of a cell", replaced("\n4;", "\n"), (), ("data file",)),
    Damage("a quote that is not closed", replaced("\n4;", '\n"4;'), (), ("data file",)),
    Damage("no last line end", rewritten(lambda data: data.rstrip(b"\n")), ("csv",)),
    Damage("a key twice", rewritten(lambda data: data.replace(b"{", b'{"run_id": "a", "run_id": "b", ', 1)), ("json",)),
    Damage("NaN", rewritten(lambda data: data.replace(b"{", b'{"zz": NaN, ', 1)), ("json",)),
    Damage("lists 100,000 deep", lambda path: path.write_text("[" * 100_000), ("json", "json lines")),
    Damage("a list", lambda path: path.write_text("[]"), ("json",)),
    Damage("a number for every table", lambda path: path.write_text('{"pump": 1, "plan": 1, "files": 1}'), ("json",)),
    Damage("a hash that is none", replaced("1" * 64, "x"), (), ("record.json (evaluate)",)),
    Damage("NaN for a time", replaced('"time_ns":3000000000', '"time_ns":NaN'), (), ("events.jsonl",)),
    Damage("a line torn in two", replaced('"time_ns":3000000000', '\n"time_ns":3000000000'), (), ("events.jsonl",)),
    Damage("its last word torn in two", replaced('safe"', '\nsafe"'), (), WATCHDOG_LOGS),
    Damage("its last word cut off", rewritten(lambda data: data[: data.rindex(b'{"utc"')]), (), WATCHDOG_LOGS),
    Damage("NaN for a time", replaced('"host_s": 1.0', '"host_s": NaN'), (), WATCHDOG_LOGS),
    Damage("a list for a reason", replaced('"the pump did not stop"', "[]"), (), ("broken.json",)),
    Damage("no reason", replaced('"reason"', '"treason"'), (), ("broken.json",)),
    Damage("another folder", replaced("/runs/", "/others/"), (), ("current-run.json",)),
    Damage("a sample changed by 1 ug", _one_sample, ("hdf5",)),
    Damage("another unit", _units, ("hdf5",)),
    Damage("a column of 2^40 samples", _absurd_shape, ("hdf5",)),
    Damage("a column in another file", _external_link, ("hdf5",)),
    Damage("a group in itself", _own_parent, ("hdf5",)),
    Damage("HDF5 of another program", _other_hdf5, ("hdf5",)),
    Damage("a later layout", _newer_layout, ("hdf5",)),
    Damage("a database of another program", instead(_other_database), ("sqlite",)),
    Damage("a view without end", sql("DROP TABLE header", ENDLESS_VIEW), ("sqlite",)),
    Damage("row number 2^62", sql(f"UPDATE blocks SET entry = {1 << 62} WHERE entry = 40"), ("sqlite",)),
    Damage("2^40 samples in a row", sql(f"UPDATE blocks SET n = {1 << 40} WHERE entry = 40"), ("sqlite",)),
    Damage("text for a number", sql("UPDATE blocks SET first_ns = 'x' WHERE entry = 40"), ("sqlite",)),
    Damage("a payload of zeros", sql("UPDATE blocks SET payload = zeroblob(900) WHERE entry = 40"), ("sqlite",)),
    Damage("a row removed", sql("DELETE FROM blocks WHERE entry = 40"), ("sqlite",)),
    Damage("a closing word that is none", sql("UPDATE header SET value = '{' WHERE name = 'closed'"), ("sqlite",)),
    Damage(
        "a closing word of 10^15 rows",
        sql('UPDATE header SET value = \'{"blocks":{"mass":1000000000000000},"events":3}\' WHERE name = \'closed\''),
        ("sqlite",),
    ),
    Damage("a header changed", sql("UPDATE header SET value = value || ' ' WHERE name = 'header'"), ("sqlite",)),
)
