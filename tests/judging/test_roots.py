"""Specification of tinytorch_hf.judging.roots: what follows from another fault, and what never does."""

from __future__ import annotations

from tinytorch_hf.judging.consequences import CONSEQUENCES
from tinytorch_hf.judging.results import Difference, Outcome, Result
from tinytorch_hf.judging.roots import with_roots
from tinytorch_hf.judging.suspicion import Trace

TENSOR = ("tensor.Tensor.__init__", "tensor.Tensor.backward")


def agrees(name: str) -> Result:
    """A case that is right."""
    return Result(name, "layers", Outcome.AGREES)


def differs(name: str, code: str = "", *what: str, module: str = "layers") -> Result:
    """A case that is not."""
    differences = tuple(Difference(one, "differs") for one in what or ("output",))
    return Result(name, module, Outcome.DIFFERS, code=code, differences=differences)


def crashes(name: str, where: str = "") -> Result:
    """A case that raises."""
    return Result(name, "layers", Outcome.CRASHES, "ValueError", where=where)


def ran(*names: str, ended_in: str = "") -> Trace:
    """What ran beside tensors, in a case with gradients."""
    return Trace(frozenset({*TENSOR, *names}), ended_in, has_gradients=True)


def followed(results: list[Result], **traces: Trace) -> dict[str, tuple[str, ...]]:
    """The wrong cases and what they follow from."""
    judged = with_roots(results, traces)
    assert [result.name for result in judged] == [result.name for result in results]
    return {result.name: result.follows for result in judged if result.outcome is not Outcome.AGREES}


def test_what_is_made_of_a_wrong_part_follows_from_it() -> None:
    """Whatever the order of the cases, and down to the root."""
    results = [differs("gpt"), differs("mlp"), agrees("linear"), differs("gelu", "GELU-PRODUCT-RULE")]

    assert followed(
        results,
        gpt=ran("MLP.forward", "GELU.forward", "GPT.forward"),
        mlp=ran("MLP.forward", "GELU.forward"),
        linear=ran("Linear.forward"),
        gelu=ran("GELU.forward"),
    ) == {"gelu": (), "mlp": ("gelu",), "gpt": ("gelu",)}


def test_independent_faults_are_roots_both() -> None:
    """And what is made of both follows from both."""
    results = [differs("relu"), differs("adam"), differs("training", "", "loss of step 2")]

    assert followed(
        results,
        relu=ran("ReLU.forward"),
        adam=ran("Adam.step"),
        training=ran("ReLU.forward", "Adam.step"),
    ) == {"relu": (), "adam": (), "training": ("relu", "adam")}


def test_a_function_that_is_right_elsewhere_is_not_suspected() -> None:
    """The gradient of a product is wrong, so everything with it; that `Tensor.__init__` ran in it says nothing."""
    results = [
        Result("mul", "autograd", Outcome.DIFFERS, code="NO-GRADIENT", differences=(Difference("gradient of a", ""),)),
        agrees("add"),
        differs("square", "NO-GRADIENT", "gradient of a"),
        differs("sum", "SIGN", "gradient of a"),
    ]

    assert followed(
        results,
        mul=ran("Tensor.__mul__"),
        add=ran("Tensor.__add__"),
        square=ran("Tensor.__mul__"),
        sum=ran("Tensor.sum"),
    ) == {"mul": (), "square": ("mul",), "sum": ()}


def test_only_cases_with_gradients_clear_a_function_of_a_wrong_gradient() -> None:
    """That forward is right says nothing of it."""
    results = [agrees("values"), differs("mul", "", "gradient of a"), differs("mse", "", "gradient of a")]
    forward = Trace(frozenset({"Tensor.__init__", "Tensor.__mul__", "Tensor.backward"}))

    assert followed(results, values=forward, mul=ran("Tensor.__mul__"), mse=ran("Tensor.__mul__", "MSE.forward")) == {
        "mul": (),
        "mse": ("mul",),
    }


def test_a_wrong_output_does_not_follow_from_a_wrong_gradient() -> None:
    """Unless it comes after a step of training."""
    results = [
        differs("mul", "", "gradient of a"),
        differs("norm", "", "output", "gradient of x"),
        differs("training", "", "loss of step 2"),
    ]
    traces = {"mul": ran("mul"), "norm": ran("mul", "norm"), "training": ran("mul", "step")}

    assert followed(results, **traces) == {"mul": (), "norm": (), "training": ("mul",)}


def test_a_wrong_gradient_is_named_beside_what_makes_the_output_wrong() -> None:
    """A block of a wrong GELU and a wrong normalization follows from both."""
    results = [differs("gelu", "", "gradient of x"), differs("norm"), differs("block", "", "output", "gradient of x")]
    traces = {"gelu": ran("gelu"), "norm": ran("norm"), "block": ran("gelu", "norm", "block")}

    assert followed(results, **traces) == {"gelu": (), "norm": (), "block": ("gelu", "norm")}


def test_another_confirmed_mistake_is_a_root_where_the_first_need_not_show() -> None:
    """Softmax is right but for large values: that attention ignores its mask has nothing to do with it."""
    results = [
        agrees("softmax"),
        differs("softmax-axis", "SOFTMAX-IGNORES-DIM", module="activations"),
        differs("attention", "MASK-IGNORED"),
    ]
    traces = {"softmax": ran("Softmax"), "softmax-axis": ran("Softmax"), "attention": ran("Softmax", "attention")}

    assert followed(results, **traces) == {"softmax-axis": (), "attention": ()}


def test_an_overflow_follows_from_an_overflow_alone() -> None:
    """And nothing else follows from one."""
    results = [differs("large", "NOT-FINITE"), differs("a", "NOT-FINITE"), differs("b"), differs("small")]
    traces = {"large": ran("exp"), "a": ran("exp", "a"), "b": ran("exp", "b"), "small": ran("exp")}

    assert followed(results, **traces) == {"large": (), "small": (), "a": ("large",), "b": ("small",)}


def test_a_crash_in_a_function_of_its_own_is_a_root() -> None:
    """One in a function that is right elsewhere may come of what it was given."""
    results = [agrees("linear"), differs("gelu"), crashes("mlp", "layers.py:3"), crashes("gpt", "gpt.py:9")]

    assert followed(
        results,
        linear=ran("Linear.forward"),
        gelu=ran("GELU.forward"),
        mlp=ran("GELU.forward", "Linear.forward", ended_in="Linear.forward"),
        gpt=ran("GELU.forward", "GPT.forward", ended_in="GPT.forward"),
    ) == {"gelu": (), "mlp": ("gelu",), "gpt": ()}


def test_crashes_in_one_line_are_one_fault() -> None:
    """Whatever else the two run."""
    results = [crashes("a", "x.py:3"), crashes("b", "x.py:3"), crashes("c", "x.py:4")]
    traces = {"a": ran("f", "g", ended_in="f"), "b": ran("f", "h", "i", ended_in="f"), "c": ran("k", ended_in="k")}

    assert followed(results, **traces) == {"a": (), "b": ("a",), "c": ()}


def of(part: str, *names: str) -> Trace:
    """What ran in a case that is made of one part."""
    return Trace(frozenset(names), has_gradients=True, parts=frozenset({part}))


def test_the_case_with_a_known_cause_is_named_as_the_root() -> None:
    """Where the smallest has none, and both are made of the same; another part's keeps its own place."""
    results = [differs("attention", "ATTENTION-SCALE-D"), differs("weights"), differs("no-look-ahead")]
    traces = {"attention": of("a", "f", "g", "h"), "weights": of("a", "f"), "no-look-ahead": of("a", "f", "g")}

    assert followed(results, **traces) == {
        "attention": (),
        "weights": ("attention",),
        "no-look-ahead": ("attention",),
    }
    assert followed(results, **{**traces, "attention": of("b", "f", "g", "h")})["attention"] == ("weights",)


def test_one_particular_mistake_of_one_part_is_one_fault() -> None:
    """Though each ran a function that the other did not; the same mistake in another part is another fault."""
    results = [differs("sgd", "LR-TWICE"), differs("sgd-momentum", "LR-TWICE"), differs("adam", "LR-TWICE")]
    traces = {
        "sgd": of("SGD", "step", "a"),
        "sgd-momentum": of("SGD", "step", "b"),
        "adam": of("Adam", "step", "b", "c"),
    }

    found = followed(results, **traces)

    assert found["sgd-momentum"] == ("sgd",)
    assert found["adam"] == ()


def test_what_was_not_watched_is_a_root() -> None:
    """Nothing is known of it."""
    assert followed([differs("a"), differs("b")], a=ran("f")) == {"a": (), "b": ()}
    assert "NOT-FINITE" not in CONSEQUENCES


def test_what_shares_a_function_without_using_the_other_goes_wrong_together() -> None:
    """A convolution does not use pooling, though both pad images."""
    results = [crashes("pool", "w.py:3"), crashes("conv", "w.py:3"), crashes("net", "w.py:3"), agrees("linear")]
    traces = {
        "pool": of("Pool", "Pool.forward", "w.pad"),
        "conv": of("Conv", "Conv.forward", "Conv.backward", "w.pad"),
        "net": of("Net", "Net.forward", "Pool.forward", "Conv.forward", "w.pad"),
    }

    judged = {result.name: result for result in with_roots(results, traces)}

    assert judged["conv"].follows == judged["net"].follows == ("pool",)
    assert (judged["conv"].together, judged["conv"].shared) == (("pool",), ("w.pad",))
    assert judged["net"].together == ()


def test_two_roots_with_a_function_that_is_right_nowhere_may_have_one_cause() -> None:
    """The function is named."""
    results = [differs("a"), differs("b"), differs("c")]
    traces = {"a": of("A", "A.f", "w.cut"), "b": of("B", "B.f", "w.cut"), "c": of("C", "C.f")}

    judged = {result.name: result for result in with_roots(results, traces)}

    assert not any(result.follows for result in judged.values())
    assert (judged["b"].together, judged["b"].shared) == (("a",), ("w.cut",))
    assert judged["a"].together == judged["c"].together == ()


def test_one_mistake_that_two_parts_know_by_other_codes_is_one_fault() -> None:
    """A table that is indexed has the fault of the index."""
    results = [agrees("index"), differs("ways", "INDEX-LAST-PLACE"), differs("table", "EMBEDDING-LAST-PLACE")]
    traces = {"index": of("x", "get"), "ways": ran("get"), "table": ran("get", "Embedding.forward")}

    assert followed(results, **traces) == {"ways": (), "table": ("ways",)}


def test_parameters_lost_from_a_generator_explain_no_other_case() -> None:
    """Every other case gives a list; a fault of the update itself is a root beside it."""
    results = [differs("adam"), differs("adam-parameters-given", "OPTIMIZER-GENERATOR"), differs("adam-betas")]

    assert followed(
        results,
        **{
            "adam": ran("Adam.step", "Adam.__init__", "Adam.zero_grad"),
            "adam-parameters-given": ran("Adam.step", "Adam.__init__"),
            "adam-betas": ran("Adam.step", "Adam.__init__", "Adam.zero_grad"),
        },
    ) == {"adam": (), "adam-parameters-given": (), "adam-betas": ("adam",)}
