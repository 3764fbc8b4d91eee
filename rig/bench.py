"""What a protocol can do at the bench; each verb is in the module of its kind under `rig/verbs/`."""

from __future__ import annotations

from collections.abc import Callable

from results.after_check import AfterCheck
from results.decision import Verdict
from results.measured.outcome import Outcome
from rig.acquisition.acquisition import Acquisition
from rig.faults import VerdictError
from rig.operators.step import Operator
from rig.safety.safe_state import SafeState
from rig.station import Station
from rig.terminal.outcome_text import reason_text
from rig.verbs.balance_check import BalanceCheckVerbs
from rig.verbs.fixture_verbs import FixtureVerbs
from rig.verbs.waiting import WaitingVerbs


class Bench(FixtureVerbs, WaitingVerbs, BalanceCheckVerbs):
    """The verbs of the bench, for one run."""

    def __init__(
        self,
        *,
        station: Station,
        acquisition: Acquisition,
        safe_state: SafeState,
        operator: Operator,
        after_check: AfterCheck | None,
        evaluate: Callable[[], Outcome],
        heed_signals: Callable[[], None],
    ) -> None:
        super().__init__(station=station, acquisition=acquisition, safe_state=safe_state, heed_signals=heed_signals)
        self.operator = operator
        self._after_check = after_check
        self._evaluate = evaluate

    def evaluate(self) -> Outcome:
        """End the run and return its outcome, computed from the sealed trace alone.

        Where the station asks for it, the balance is checked first.
        """
        self.check()
        if self._after_check is not None:
            self.check_balance(self._after_check)
        return self._evaluate()

    def verify(self, outcome: Outcome) -> None:
        """Raise `VerdictError` unless the outcome is a pass."""
        if outcome.verdict is not Verdict.PASS:
            raise VerdictError(outcome.verdict, reason_text(outcome))
