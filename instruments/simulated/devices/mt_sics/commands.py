"""Commands of MT-SICS that are answered at once. Each takes its parameters and returns its lines.

A parameter is a word, or a text in quotes (given here with its quotes). Status letters: A executed, B more lines
follow, I not now, L wrong parameter, + overload, - underload.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from instruments.simulated.devices.mt_sics.balance import FILTERS, NUMBER, SENSOR_MODE, SimulatedBalance

Lines = list[str]
Command = Callable[[SimulatedBalance, Sequence[str], float], Lines]

_UNITS = {"0": "g", "1": "kg", "3": "mg"}
_UNIT_CODES = {unit: code for code, unit in _UNITS.items()}
_SELF_HEATING_K = 0.8


class WrongParameter(Exception):
    """The command is known, its parameter is not allowed."""


def _level(balance: SimulatedBalance, parameters: Sequence[str], now_s: float) -> Lines:
    _none(parameters)
    return ['I1 A "012" "2.30" "2.20" "1.10"']


def _type(balance: SimulatedBalance, parameters: Sequence[str], now_s: float) -> Lines:
    _none(parameters)
    return [f'I2 A "{balance.identity(now_s).model} {balance.mass_field(balance.truth.capacity_g).strip()}"']


def _software(balance: SimulatedBalance, parameters: Sequence[str], now_s: float) -> Lines:
    _none(parameters)
    return [f'I3 A "{balance.identity(now_s).firmware}"']


def serial_line(balance: SimulatedBalance, now_s: float) -> str:
    """Return the answer to `I4` and to `@`."""
    return f'I4 A "{balance.identity(now_s).serial}"'


def _serial(balance: SimulatedBalance, parameters: Sequence[str], now_s: float) -> Lines:
    _none(parameters)
    return [serial_line(balance, now_s)]


def _software_id(balance: SimulatedBalance, parameters: Sequence[str], now_s: float) -> Lines:
    _none(parameters)
    return ['I5 A "00000000A"']


def _balance_id(balance: SimulatedBalance, parameters: Sequence[str], now_s: float) -> Lines:
    if not parameters:
        return [f'I10 A "{balance.settings.balance_id}"']
    balance.settings.balance_id = _text(parameters, 20)
    return ["I10 A"]


def _model(balance: SimulatedBalance, parameters: Sequence[str], now_s: float) -> Lines:
    _none(parameters)
    return [f'I11 A "{balance.identity(now_s).model}"']


def _display(balance: SimulatedBalance, parameters: Sequence[str], now_s: float) -> Lines:
    _text(parameters, 40)
    return ["D A"]


def _display_weight(balance: SimulatedBalance, parameters: Sequence[str], now_s: float) -> Lines:
    _none(parameters)
    return ["DW A"]


def _keys(balance: SimulatedBalance, parameters: Sequence[str], now_s: float) -> Lines:
    _choice(parameters, ("1", "2", "3", "4"))
    return ["K A"]


def _zero_now(balance: SimulatedBalance, parameters: Sequence[str], now_s: float) -> Lines:
    _none(parameters)
    return [f"ZI {zero(balance, now_s)}"]


def zero(balance: SimulatedBalance, now_s: float) -> str:
    """Zero the present load; return S or D (zeroed), + or - (refused)."""
    signal = balance.weight(now_s)
    if signal.overload or signal.underload:
        return "+" if signal.overload else "-"
    balance.apply(now_s, "zero", True)
    return "S" if signal.stable else "D"


def _tare_now(balance: SimulatedBalance, parameters: Sequence[str], now_s: float) -> Lines:
    _none(parameters)
    return [f"TI {tare(balance, now_s)}"]


def tare(balance: SimulatedBalance, now_s: float) -> str:
    """Tare the present load; return S or D with the tare (done), + or - (refused)."""
    signal = balance.weight(now_s)
    if signal.overload or signal.underload:
        return "+" if signal.overload else "-"
    balance.apply(now_s, "tare", True)
    return f"{'S' if signal.stable else 'D'} {balance.mass_field(balance.weight(now_s).tare_g)}"


def _tare_value(balance: SimulatedBalance, parameters: Sequence[str], now_s: float) -> Lines:
    if parameters:
        if len(parameters) != 2 or (mass_g := balance.mass_g(*parameters)) is None:
            raise WrongParameter
        balance.apply(now_s, "tare_g", mass_g)
    return [f"TA A {balance.mass_field(balance.weight(now_s).tare_g)}"]


def _clear_tare(balance: SimulatedBalance, parameters: Sequence[str], now_s: float) -> Lines:
    _none(parameters)
    balance.apply(now_s, "tare_g", 0.0)
    return ["TAC A"]


def _adjustment(balance: SimulatedBalance, parameters: Sequence[str], now_s: float) -> Lines:
    if not parameters:
        return ['C0 A {} {} ""'.format(*balance.settings.adjustment)]
    if len(parameters) != 2 or not set(parameters) <= {"0", "1"}:
        raise WrongParameter
    balance.settings.adjustment = (int(parameters[0]), int(parameters[1]))
    return ["C0 A"]


def _mode(balance: SimulatedBalance, parameters: Sequence[str], now_s: float) -> Lines:
    if not parameters:
        return [f"M01 A {balance.settings.mode}"]
    balance.settings.mode = int(_choice(parameters, ("0", "1", "2", "3")))
    balance.apply(now_s, "adaptive", balance.settings.mode != SENSOR_MODE)
    return ["M01 A"]


def _environment(balance: SimulatedBalance, parameters: Sequence[str], now_s: float) -> Lines:
    if not parameters:
        return [f"M02 A {balance.settings.environment}"]
    environment = int(_choice(parameters, [str(index) for index in range(len(FILTERS))]))
    balance.settings.environment = environment
    balance.apply(now_s, "filter", FILTERS[environment])
    return ["M02 A"]


def _auto_zero(balance: SimulatedBalance, parameters: Sequence[str], now_s: float) -> Lines:
    if not parameters:
        return [f"M03 A {balance.settings.auto_zero}"]
    balance.settings.auto_zero = int(_choice(parameters, ("0", "1")))
    balance.apply(now_s, "zero_tracking", balance.settings.auto_zero == 1)
    return ["M03 A"]


def _unit(balance: SimulatedBalance, parameters: Sequence[str], now_s: float) -> Lines:
    settings = balance.settings
    if not parameters:
        units = (settings.unit, settings.display_unit, settings.info_unit)
        last = len(units) - 1
        return [f"M21 {'A' if i == last else 'B'} {i} {_UNIT_CODES[unit]}" for i, unit in enumerate(units)]
    if len(parameters) != 2 or parameters[0] not in ("0", "1", "2") or parameters[1] not in _UNITS:
        raise WrongParameter
    unit = _UNITS[parameters[1]]
    match parameters[0]:
        case "0":
            settings.unit = unit
        case "1":
            settings.display_unit = unit
        case _:
            settings.info_unit = unit
    return ["M21 A"]


def _temperature(balance: SimulatedBalance, parameters: Sequence[str], now_s: float) -> Lines:
    _none(parameters)
    return [f"M28 A 1 {balance.bench.room(now_s).temperature_c + _SELF_HEATING_K:.1f}"]


def _update_rate(balance: SimulatedBalance, parameters: Sequence[str], now_s: float) -> Lines:
    settings = balance.settings
    if not parameters:
        return [f"UPD A {settings.update_rate_hz:g}"]
    if len(parameters) != 1 or not NUMBER.fullmatch(parameters[0]) or (rate_hz := float(parameters[0])) <= 0.0:
        raise WrongParameter
    # The balance takes the nearest rate it has.
    settings.update_rate_hz = min(max(rate_hz, 0.1), balance.highest_rate_hz)
    return ["UPD A"]


def _draught_shield(balance: SimulatedBalance, parameters: Sequence[str], now_s: float) -> Lines:
    _none(parameters)
    return [f"WS A {int(balance.weight(now_s).door_open)}"]


def _none(parameters: Sequence[str]) -> None:
    if parameters:
        raise WrongParameter


def _choice(parameters: Sequence[str], allowed: Sequence[str]) -> str:
    if len(parameters) != 1 or parameters[0] not in allowed:
        raise WrongParameter
    return parameters[0]


def _text(parameters: Sequence[str], longest: int) -> str:
    if len(parameters) != 1 or not parameters[0].startswith('"') or len(parameters[0]) > longest + 2:
        raise WrongParameter
    return parameters[0][1:-1]


AT_ONCE: Mapping[str, Command] = {
    "C0": _adjustment,
    "D": _display,
    "DW": _display_weight,
    "I1": _level,
    "I10": _balance_id,
    "I11": _model,
    "I2": _type,
    "I3": _software,
    "I4": _serial,
    "I5": _software_id,
    "K": _keys,
    "M01": _mode,
    "M02": _environment,
    "M03": _auto_zero,
    "M21": _unit,
    "M28": _temperature,
    "TA": _tare_value,
    "TAC": _clear_tare,
    "TI": _tare_now,
    "UPD": _update_rate,
    "WS": _draught_shield,
    "ZI": _zero_now,
}
