"""Laws of state that hold for every sequence of operations."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bioxen_jcvi_vm_lib as bx

GENES = 40
OPERATIONS = st.one_of(
    st.tuples(st.just("run"), st.floats(0.001, 3.0)),
    st.tuples(st.just("knockout"), st.integers(0, GENES - 1)),
    st.tuples(st.just("set_resource"), st.sampled_from(["ATP", "UTP", "Ala-tRNA", "GTP"])),
    st.tuples(st.just("restore"), st.none()),
    st.tuples(st.just("replay"), st.none()),
    st.tuples(st.just("fork"), st.integers(0, 2)),
)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(operations=st.lists(OPERATIONS, max_size=8))
def test_restored_and_replayed_cells_do_as_the_original_does(
    context: bx.CellularContext, operations: list[tuple[str, object]]
) -> None:
    """One cell goes straight on, its double is restored or replayed now and then: no difference."""
    runtime = context.runtime
    straight = context.fork(replay=True)
    double = context.fork(replay=True)
    for name, argument in operations:
        if name == "restore":
            before = double.snapshot()
            double = bx.CellularContext.restore(before, runtime)
            assert double.snapshot() == before
        elif name == "replay":
            double = double.fork(replay=True)
        elif name == "fork":
            for _ in range(int(str(argument))):
                a, b = straight.fork(), double.fork()
                assert a.trajectory_hash == b.trajectory_hash
        else:
            for cell in (straight, double):
                if name == "run":
                    cell.run(float(str(argument)))
                elif name == "knockout":
                    cell.knockout(runtime.genes[int(str(argument))].locus_tag)
                else:
                    cell.set_resource(str(argument), 1000)
    assert straight.snapshot() == double.snapshot()
    assert double.audit().ok
