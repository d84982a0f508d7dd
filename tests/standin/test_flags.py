"""What is accepted on the command line, in each generation."""

import pytest
from tests.runai_standin import Settings, Switches
from tests.runai_standin.parse import duration_s

from .conftest import Make, listed

SUBMIT = ("workspace", "submit", "gwas-1", "-i", "lab/image:1")
TRAINING = ("training", "standard", "submit", "gwas-1", "-i", "lab/image:1")


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        ((*SUBMIT, "--nonsense"), "unknown flag: --nonsense"),
        ((*SUBMIT, "-Z"), "unknown shorthand flag: 'Z' in -Z"),
        ((*SUBMIT, "-p"), "flag needs an argument: 'p' in -p"),
        ((*SUBMIT, "--label"), "flag needs an argument: --label"),
        ((*SUBMIT, "--runs", "2"), "unknown flag: --runs"),
        ((*SUBMIT, "--json"), "unknown flag: --json"),
        ((*SUBMIT, "--wait"), "unknown flag: --wait"),
        ((*TRAINING, "--preemptible"), "unknown flag: --preemptible"),
        (
            (*SUBMIT, "--backoff-limit", "x"),
            'invalid argument "x" for "--backoff-limit" flag: '
            'strconv.ParseInt: parsing "x": invalid syntax',
        ),
        (
            (*SUBMIT, "--auto-deletion-time-after-completion", "2 days"),
            'invalid argument "2 days" for "--auto-deletion-time-after-completion" flag: '
            'time: invalid duration "2 days"',
        ),
        (
            (*SUBMIT, "--restart-policy", "Sometimes"),
            'invalid argument "Sometimes" for "--restart-policy" flag: '
            "must be one of Always, OnFailure, Never",
        ),
        (
            (*SUBMIT, "--cpu-core-request", "many"),
            'invalid argument "many" for "--cpu-core-request" flag: '
            'strconv.ParseFloat: parsing "many": invalid syntax',
        ),
        (
            ("workspace", "list", "--json=perhaps"),
            'invalid argument "perhaps" for "--json" flag: '
            'strconv.ParseBool: parsing "perhaps": invalid syntax',
        ),
        (
            (*SUBMIT, "-g", "x"),
            'invalid argument "x" for "-g, --gpu-devices-request" flag: '
            'strconv.ParseInt: parsing "x": invalid syntax',
        ),
        ((*SUBMIT, "--cpu-memory-request", "lots"), 'invalid value "lots" for cpu-memory-request'),
        (("workspace", "list", "-o", "json"), "unknown shorthand flag: 'o' in -o"),
        (("workspace", "describe", "a", "--json"), "unknown flag: --json"),
        (("workspace", "delete", "a", "-y"), "unknown shorthand flag: 'y' in -y"),
        (("workspace", "list", "--limit", "500"), "unknown flag: --limit"),
        (("whoami", "--json"), "unknown flag: --json"),
        (("job", "list"), 'unknown command "job" for "runai"'),
        (("workspace", "frobnicate"), 'unknown command "frobnicate" for "runai workspace"'),
        ((), 'unknown command "" for "runai"'),
    ],
)
def test_what_is_not_known_is_refused_as_cobra_does(
    make: Make, argv: tuple[str, ...], text: str
) -> None:
    standin = make()
    answer = standin.call(*argv)
    assert (answer.exit_code, answer.stdout, answer.stderr) == (1, "", f"Error: {text}\n")
    assert standin.truth().changes == ()


@pytest.mark.parametrize(
    ("generation", "argv", "flag"),
    [
        ("2.18", (*SUBMIT, "--restart-policy", "Never"), "--restart-policy"),
        ("2.18", (*SUBMIT, "--priority", "low"), "--priority"),
        ("2.18", (*TRAINING, "--environment-variable", "A=1"), "--environment-variable"),
        ("2.18", ("workspace", "list", "--page-size", "500"), "--page-size"),
        ("2.18", ("workspace", "list", "--no-pagination"), "--no-pagination"),
        ("2.18", ("workspace", "describe", "gwas-1", "--uuid", "x"), "--uuid"),
        ("2.25", ("workspace", "list", "--offset", "50"), "--offset"),
        ("2.25", (*SUBMIT, "--environment-variable", "A=1"), "--environment-variable"),
    ],
)
def test_flags_of_another_generation_are_unknown(
    make: Make, generation: str, argv: tuple[str, ...], flag: str
) -> None:
    answer = make(Settings(generation=generation)).call(*argv)
    assert (answer.exit_code, answer.stderr) == (1, f"Error: unknown flag: {flag}\n")


@pytest.mark.parametrize(
    ("generation", "argv", "environment"),
    [
        ("2.18", (*SUBMIT, "--environment", "A=1,2"), {"A": "1,2"}),
        ("2.18", (*TRAINING, "--environment", "A=1"), {"A": "1"}),
        ("2.25", (*SUBMIT, "--environment", "A=1"), {"A": "1"}),
        ("2.25", (*TRAINING, "--environment", "A=1"), {}),
        ("3.0", (*SUBMIT, "--environment", "A=1"), {}),
        ("2.18", (*SUBMIT, "-e", "A=1", "-e", "B=x=y"), {"A": "1", "B": "x=y"}),
        ("2.18", (*TRAINING, "-e", "A=1"), {"A": "1"}),
        ("2.25", (*SUBMIT, "-e", "A=1"), {"A": "1"}),
        ("2.25", (*TRAINING, "-eA=1"), {"A": "1"}),
        ("3.0", (*SUBMIT, "-e=A=1"), {"A": "1"}),
        ("3.0", (*TRAINING, "--environment-variable=A=1"), {"A": "1"}),
    ],
)
def test_only_the_short_name_sets_a_variable_everywhere(
    make: Make, generation: str, argv: tuple[str, ...], environment: dict[str, str]
) -> None:
    standin = make(Settings(generation=generation))
    answer = standin.call(*argv)
    if environment:
        (workload,) = standin.truth().workloads
        assert dict(workload.request.environment) == environment
    else:
        assert answer.stderr == "Error: environment asset 'A=1' was not found\n"
        assert standin.truth().workloads == ()


def test_words_after_two_dashes_are_the_command(make: Make) -> None:
    standin = make()
    standin.call(*SUBMIT, "-c", "--", "/run", "--nonsense", "a b")
    standin.call("workspace", "submit", "gwas-2", "-i", "x:1", "--", "single-trait")
    first, second = (workload.request for workload in standin.truth().workloads)
    assert (first.command, first.arguments) == ("/run --nonsense 'a b'", "")
    assert (second.command, second.arguments) == ("", "single-trait")


@pytest.mark.parametrize("noun", ["training", "training standard"])
def test_the_two_names_of_trainings_mean_the_same(make: Make, noun: str) -> None:
    standin = make()
    standin.call(*noun.split(), "submit", "gwas-1", "-i", "x:1")
    assert [row["type"] for row in listed(standin, noun="training")] == ["Training"]
    assert listed(standin) == []


def test_the_short_name_of_trainings_may_be_unknown(make: Make) -> None:
    standin = make(switches=Switches(training_alias=False))
    answer = standin.call("training", "logs", "gwas-1")
    assert answer.stderr == 'Error: unknown command "logs" for "runai training"\n'
    assert standin.call("training", "standard", "list").exit_code == 0


def test_newer_programs_may_take_the_old_paging_flags_still(make: Make) -> None:
    standin = make(switches=Switches(paging_flags=True))
    assert standin.call("workspace", "list", "--limit", "20", "--offset", "40").exit_code == 0
    answer = standin.call("workspace", "list", "--offset", "1", "--next-token", "1")
    assert answer.exit_code == 1


@pytest.mark.parametrize(
    ("text", "seconds"), [("5s", 5), ("2m", 120), ("3h", 10_800), ("1h30m", 5400), ("0", 0)]
)
def test_durations_are_those_of_go(text: str, seconds: float) -> None:
    assert duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "s", "1d", "5s!"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="invalid duration"):
        duration_s(text)
