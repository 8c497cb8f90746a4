from hypothesis import given
from hypothesis import strategies as st

from detections.recognition.funnel import Funnel
from detections.recognition.types import Rejection

counts = st.integers(0, 10_000)
funnels = st.builds(
    Funnel,
    frames=counts,
    moved=counts,
    boxes=counts,
    readings=counts,
    tracks=counts,
    accepted=counts,
    rejections=st.dictionaries(st.sampled_from(list(Rejection)), st.integers(1, 1000)),
)


@given(funnels, funnels, funnels)
def test_funnels_add_in_any_order(one: Funnel, two: Funnel, three: Funnel) -> None:
    assert (one + two) + three == three + (two + one)


@given(funnels, funnels)
def test_difference_takes_a_sum_apart(one: Funnel, two: Funnel) -> None:
    assert one + two - two == one
    assert one + Funnel() == one


def test_rejected_is_the_sum_of_all_reasons() -> None:
    assert Funnel(rejections={Rejection.BLURRED: 2, Rejection.DUPLICATE: 3}).rejected == 5
