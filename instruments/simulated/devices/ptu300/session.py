"""One command line of the transmitter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from instruments.simulated.devices.ptu300.form import DEFAULT_FORM, FormError
from instruments.simulated.devices.ptu300.transmitter import PRESSURE_UNITS, Mode, SimulatedTransmitter
from instruments.simulated.devices.witness import Witness
from instruments.simulated.wires.session import LineBuffer

_LONGEST_LINE = 200
_MOST_OUTPUTS_AT_ONCE = 50
_MODES: Mapping[str, Mode] = {"STOP": "STOP", "RUN": "RUN", "POLL": "POLL"}
_INTERVAL_UNITS = {"S": "s", "MIN": "min", "H": "h"}
_BAUD_RATES = ("300", "600", "1200", "2400", "4800", "9600", "19200", "38400", "57600", "115200")
_UNKNOWN = "Unknown command"
_BAD = "Invalid parameter"


class TransmitterSession:
    """One client of the transmitter."""

    def __init__(self, transmitter: SimulatedTransmitter, witness: Witness | None = None) -> None:
        self._transmitter = transmitter
        self._witness = witness
        self._lines = LineBuffer(_LONGEST_LINE)
        self._due_s: float | None = None
        self._open = False
        """In POLL mode, until `CLOSE`."""

    def receive(self, data: bytes, now_s: float) -> bytes:
        """Take bytes, return the answers to the lines they complete."""
        return "".join([self._answer(line, now_s) for line in self._lines.lines(data)]).encode("latin-1")

    def next_output_s(self) -> float | None:
        """Return when the next output of RUN is due."""
        return self._due_s

    def speak(self, now_s: float) -> bytes:
        """Return the outputs of RUN up to `now_s`."""
        if self._due_s is None:
            return b""
        period_s = self._transmitter.settings.interval_s
        # A reader that fell far behind gets the latest outputs only.
        self._due_s = max(self._due_s, now_s - (_MOST_OUTPUTS_AT_ONCE - 1) * period_s)
        said = []
        while self._due_s <= now_s:
            said.append(self._transmitter.output(self._due_s))
            self._due_s += period_s
        return "".join(said).encode("latin-1")

    def _answer(self, line: bytes, now_s: float) -> str:
        text = line.decode("latin-1")
        if self._witness is not None:
            self._witness.note(now_s, "ambient", text)
        command, _, rest = text.strip().partition(" ")
        command, parameters = command.upper(), rest.split()
        with self._transmitter.lock:
            settings = self._transmitter.settings
            if self._due_s is not None:
                if command == "S":
                    self._due_s = None
                    return _prompt(settings.echo)
                return ""
            if settings.mode == "POLL" and not self._open:
                return self._polled(command, parameters, now_s)
            echoed = f"{text}\r\n" if settings.echo else ""
            if command == "FORM":
                said = _lines(self._form(rest.strip()))
            elif command == "SEND":
                said = self._send(parameters, now_s)
            else:
                known = _COMMANDS.get(command)
                said = _lines([_UNKNOWN] if known is None else known(self, parameters, now_s))
            return echoed + said + (_prompt(settings.echo) if self._due_s is None else "")

    def _polled(self, command: str, parameters: Sequence[str], now_s: float) -> str:
        if parameters != [str(self._transmitter.settings.address)]:
            return ""
        if command == "SEND":
            return self._transmitter.output(now_s)
        if command == "OPEN":
            self._open = True
            return _lines([f"PTU300: {parameters[0]} line opened for operator commands", ""])
        return ""

    def _send(self, parameters: Sequence[str], now_s: float) -> str:
        if parameters and parameters != [str(self._transmitter.settings.address)]:
            return ""
        return self._transmitter.output(now_s)

    def _form(self, form: str) -> Sequence[str]:
        if not form:
            return [self._transmitter.settings.form.replace("#", "\\")]
        try:
            self._transmitter.set_form(DEFAULT_FORM if form == "/" else form)
        except FormError:
            return [_BAD]
        return ["OK"]

    def _run(self, parameters: Sequence[str], now_s: float) -> Sequence[str]:
        self._due_s = now_s
        return []

    def _stop(self, parameters: Sequence[str], now_s: float) -> Sequence[str]:
        return []

    def _interval(self, parameters: Sequence[str], now_s: float) -> Sequence[str]:
        settings = self._transmitter.settings
        if parameters:
            if not (parameters[0].isascii() and parameters[0].isdigit() and int(parameters[0]) <= 255):
                return [_BAD]
            unit = parameters[1].upper() if len(parameters) == 2 else "S"
            if len(parameters) > 2 or unit not in _INTERVAL_UNITS:
                return [_BAD]
            settings.interval = (int(parameters[0]), _INTERVAL_UNITS[unit])
        return [_setting("Output interval", "{} {}".format(*settings.interval))]

    def _mode(self, parameters: Sequence[str], now_s: float) -> Sequence[str]:
        settings = self._transmitter.settings
        if parameters:
            mode = _MODES.get(parameters[0].upper())
            if mode is None or len(parameters) > 1:
                return [_BAD]
            settings.mode = mode
        return [_setting("Serial mode", settings.mode)]

    def _unit(self, parameters: Sequence[str], now_s: float) -> Sequence[str]:
        settings = self._transmitter.settings
        match [parameter.upper() for parameter in parameters]:
            case []:
                pass
            case ["M"]:
                settings.metric, settings.pressure_unit = True, "hPa"
            case ["N"]:
                settings.metric, settings.pressure_unit = False, "inHg"
            case ["P", unit]:
                known = {name.upper(): name for name in PRESSURE_UNITS}
                if unit not in known:
                    return [_BAD]
                settings.pressure_unit = known[unit]
            case _:
                return [_BAD]
        return [
            _setting("Output units", "metric" if settings.metric else "non metric"),
            _setting("Pressure unit", settings.pressure_unit),
        ]

    def _line(self, parameters: Sequence[str], now_s: float) -> Sequence[str]:
        settings = self._transmitter.settings
        if parameters:
            given = [parameter.upper() for parameter in parameters]
            sound = (
                len(given) == 4
                and given[0] in _BAUD_RATES
                and given[1] in ("N", "E", "O")
                and given[2] in ("7", "8")
                and given[3] in ("1", "2")
            )
            if not sound:
                return [_BAD]
            settings.line = " ".join(given)
        return [_setting("Baud P D S", settings.line)]

    def _address(self, parameters: Sequence[str], now_s: float) -> Sequence[str]:
        settings = self._transmitter.settings
        if parameters:
            if not (parameters[0].isascii() and parameters[0].isdigit() and int(parameters[0]) <= 255):
                return [_BAD]
            settings.address = int(parameters[0])
        return [_setting("Address", str(settings.address))]

    def _echo(self, parameters: Sequence[str], now_s: float) -> Sequence[str]:
        settings = self._transmitter.settings
        match [parameter.upper() for parameter in parameters]:
            case []:
                pass
            case ["ON" | "OFF" as state]:
                settings.echo = state == "ON"
            case _:
                return [_BAD]
        return [_setting("Echo", "ON" if settings.echo else "OFF")]

    def _close(self, parameters: Sequence[str], now_s: float) -> Sequence[str]:
        self._open = False
        self._transmitter.settings.mode = "POLL"
        return ["line closed"]

    def _version(self, parameters: Sequence[str], now_s: float) -> Sequence[str]:
        identity = self._transmitter.identity(now_s)
        return [f"{identity.model} / {identity.firmware}"]

    def _errors(self, parameters: Sequence[str], now_s: float) -> Sequence[str]:
        return self._transmitter.errors()

    def _information(self, parameters: Sequence[str], now_s: float) -> Sequence[str]:
        settings = self._transmitter.settings
        identity = self._transmitter.identity(now_s)
        return [
            f"{identity.model} / {identity.firmware}",
            _setting("Serial number", identity.serial),
            _setting("Batch number", identity.serial),
            _setting("Adjust. date", "2024-01-15"),
            _setting("Adjust. info", identity.maker),
            _setting("Serial mode", settings.mode),
            _setting("Baud P D S", settings.line),
            _setting("Output interval", "{} {}".format(*settings.interval)),
            _setting("Address", str(settings.address)),
            _setting("Echo", "ON" if settings.echo else "OFF"),
            _setting("Module 1", "BARO-1"),
            _setting("Module 2", "EMPTY"),
        ]


_COMMANDS: Mapping[str, Callable[[TransmitterSession, Sequence[str], float], Sequence[str]]] = {
    "?": TransmitterSession._information,
    "??": TransmitterSession._information,
    "ADDR": TransmitterSession._address,
    "CLOSE": TransmitterSession._close,
    "ECHO": TransmitterSession._echo,
    "ERRS": TransmitterSession._errors,
    "INTV": TransmitterSession._interval,
    "R": TransmitterSession._run,
    "S": TransmitterSession._stop,
    "SERI": TransmitterSession._line,
    "SMODE": TransmitterSession._mode,
    "UNIT": TransmitterSession._unit,
    "VERS": TransmitterSession._version,
}


def _setting(name: str, value: str) -> str:
    return f"{name:<15}: {value}"


def _lines(lines: Sequence[str]) -> str:
    return "".join(f"{line}\r\n" for line in lines)


def _prompt(echo: bool) -> str:
    return ">" if echo else ""
