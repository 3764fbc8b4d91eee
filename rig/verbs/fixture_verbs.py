"""The bench's own part of the line, measured with the pump shut off: what its valve displaces, what a volume raises."""

from __future__ import annotations

from rig.fixture_trial import FixtureTest
from rig.verbs.operator_verbs import OperatorVerbs
from rig.verbs.pump_verbs import PumpVerbs


class FixtureVerbs(PumpVerbs, OperatorVerbs):
    """Tests of the fixture."""

    def measure_fixture(self, test: FixtureTest) -> None:
        """Close the valve of the isolated fixture, then push known volumes into it; each begins from the open line."""
        self.operator_step(test.isolate)
        for phase in test.valve_phases:
            with self.phase(phase, test.phase_s):
                self.wait(test.rest_s)
                self.occlude()
                self.wait(test.rest_s)
            self._open_and_rest(test.rest_s)
        for injected in test.injections:
            self.occlude()
            with self.phase(injected.phase, test.phase_s):
                self.wait(test.rest_s)
                self.operator_step(injected.step)
                self.wait(test.rest_s)
            self._open_and_rest(test.rest_s)
        self.operator_step(test.connect)

    def _open_and_rest(self, rest_s: float) -> None:
        self.release()
        self.wait(rest_s)
