"""Devices of one bench used by several threads at once, as at wall-clock time."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from instruments.clock import WallClock
from instruments.pumps.bench_interface.frames import FrameDecoder, encode_frame
from instruments.readings import Identity
from instruments.simulated.devices.mt_sics import BalanceSession, SimulatedBalance
from instruments.simulated.devices.ni_daq import SimulatedDaq
from instruments.simulated.devices.ptu300 import SimulatedTransmitter, TransmitterSession
from instruments.simulated.devices.pump import PumpBuild, PumpFirmware, PumpSession
from instruments.simulated.devices.pump.limits import PumpLimits
from instruments.simulated.physics.bench import Bench
from instruments.simulated.wires.ni_grpc import Quantity
from tests.instruments.simulated.benches import truth

ROUNDS = 400


def test_every_device_answers_every_thread() -> None:
    clock = WallClock()
    bench = Bench(truth(), seed=1)
    identity = Identity("maker", "model", "serial", "1")
    pump = PumpFirmware(bench, PumpBuild(lambda t_s: identity, PumpLimits(20000.0), 18000.0, 0.0, None))
    balance = SimulatedBalance(bench, bench.drawn.balance, lambda t_s: identity)
    ambient = SimulatedTransmitter(bench, bench.drawn.ambient_sensor, lambda t_s: identity)
    daq = SimulatedDaq(
        bench,
        serial_number=lambda t_s: 1,
        clock_error_ppm=0.0,
        alarm_contacts=pump.alarm_contacts,
        pump_power=lambda t_s, on: pump.set_power(t_s, True),
    )
    failures: list[BaseException] = []

    def repeat(act: Callable[[int], None]) -> None:
        try:
            for number in range(ROUNDS):
                act(number)
        except BaseException as error:  # shown by the test's own thread
            failures.append(error)

    def asking(words: list[str]) -> Callable[[int], None]:
        session = PumpSession(pump)

        def ask(number: int) -> None:
            request = words[number % len(words)]
            sent = f"{number:04X} {request}"
            (answer,) = FrameDecoder().feed(session.receive(encode_frame(sent), clock.now()))
            assert str(answer).startswith(f"{sent.split()[0]} {request.split()[0]} OK")

        return ask

    def weighing(session: BalanceSession) -> Callable[[int], None]:
        def ask(number: int) -> None:
            for command, answer in ((b"SI", b"S "), (b"M03 0", b"M03 A"), (b"TI", b"TI ")):
                assert session.receive(command + b"\r\n", clock.now()).startswith(answer)

        return ask

    def switch(number: int) -> None:
        daq.write_line(f"port0/line{number % 3}", number % 2 == 0, clock.now())

    def sample(number: int) -> None:
        now_s = clock.now()
        times_s = np.linspace(max(0.0, now_s - 1.0), now_s, 10)
        assert daq.signal("ai0", Quantity.CURRENT, times_s, 10 * number).shape == (10,)

    transmitter = TransmitterSession(ambient)
    acts: list[Callable[[int], None]] = [
        asking(["STA?", "IDN?", "STOP"]),
        asking(["PGM CONTINUOUS 1", "STEP 1 9 -", "STORE", "RUN", "STA?"]),
        weighing(BalanceSession(balance)),
        weighing(BalanceSession(balance)),
        lambda number: transmitter_answers(transmitter, clock),
        switch,
        sample,
    ]
    workers = [threading.Thread(target=repeat, args=(act,)) for act in acts]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60.0)
        assert not worker.is_alive()
    assert failures == []
    # What the pump says is what its mechanism does, whoever came last.
    now_s = clock.now()
    assert pump.perform(now_s, lambda t_s: pump.flow_ul_per_h) == bench.pump_mechanics(now_s).flow_ul_per_h


def transmitter_answers(session: TransmitterSession, clock: WallClock) -> None:
    assert b"P=" in session.receive(b"SEND\r", clock.now())
