"""The figure of an occlusion test: its marks, its numbers, the same picture every time."""

from __future__ import annotations

from pathlib import Path

from matplotlib.text import Text

from results.decision import Criterion, Verdict
from results.occlusion.outcome import OcclusionOutcome
from results.occlusion_figure import draw_occlusion_figure, occlusion_figure
from results.provenance import Provenance
from tests.results.occlusion.catheter_runs import run_catheter
from tests.results.occlusion.occlusion_runs import evaluation_of, run_occlusion

BOLUS = Criterion(id="bolus", measurand="unintended bolus", unit="uL", high=10.0, source="plan")


def words(outcome: OcclusionOutcome, provenance: Provenance | None = None) -> str:
    found = occlusion_figure(outcome, provenance).findobj(Text)
    return "\n".join(text.get_text() for text in found if isinstance(text, Text))


def test_an_alarm_is_drawn_with_its_threshold_and_release(tmp_path: Path) -> None:
    outcome = run_occlusion(1, reduction=True, evaluation=evaluation_of(criteria=[BOLUS])).outcome
    told = words(outcome, Provenance("Maker Model", "OCC revision 1, case low", "ab12"))
    for word in ("line closed", "alarm", "released", "pressure back", "threshold 60 kPa", "FAIL", "SIMULATED"):
        assert word in told
    assert "Pump Maker Model. Plan OCC revision 1, case low. Trace SHA-256 ab12." in told
    for name in ("one.svg", "two.svg"):
        draw_occlusion_figure(outcome, tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_what_was_not_measured_is_said_in_the_figure() -> None:
    silent = run_occlusion(1, evaluation=evaluation_of(threshold_kpa=500.0), deadline_s=40.0).outcome
    told = words(silent)
    assert "not measured: no occlusion alarm within 40 s" in told
    assert "\nalarm\n" not in told


def test_a_criterion_that_failed_is_told_before_those_that_passed() -> None:
    passed = [
        Criterion(id=f"peak {n}", measurand="maximum pressure", unit="kPa", high=1e3, source="plan") for n in (1, 2, 3)
    ]
    outcome = run_occlusion(1, evaluation=evaluation_of(criteria=[*passed, BOLUS])).outcome
    assert [one.verdict for one in outcome.decisions] == [*3 * [Verdict.PASS], Verdict.FAIL]
    told = words(outcome)
    assert "FAIL (3 of 4 criteria met)" in told
    assert "unintended bolus: " in told


def test_an_occluded_catheter_is_drawn_too() -> None:
    assert "under-delivery told by the balance" in words(run_catheter(1).outcome)


def test_the_course_keeps_the_peak_and_stays_small() -> None:
    outcome = run_occlusion(1).outcome
    course = outcome.course
    highest = outcome.measurand("maximum pressure").value
    assert highest is not None
    assert abs(max(course.pressure_kpa) - highest.value) < 0.2
    assert len(course.pressure_time_s) == len(course.pressure_kpa) < 5000
    assert len(course.volume_time_s) == len(course.volume_ul) < 5000
    assert list(course.pressure_time_s) == sorted(course.pressure_time_s)
