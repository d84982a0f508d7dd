"""Two batches of one person, of which one's prefix and key make the name of the other's job."""

from tests.e2e.shell import Journal, Shell, processes_in, toml


def test_each_of_two_batches_counts_and_touches_only_its_own(
    shell: Shell, journal: Journal
) -> None:
    shell.write(toml(journal.command(seconds=60), keys=["q-1"], prefix="p"))
    shell.write(toml(journal.command(seconds=0), last=2, prefix="p-q"), "other.toml")
    assert shell.run("submit", "--yes").code == 0
    other = ("-b", "other.toml")

    refused = shell.submit(*other)
    whose = "it says that it is job q-1 of the batch p."
    assert f"[REFUSED] p-q-1: The name is taken by a workload (Running): {whose}" in refused.err
    assert "[DONE] p-q-2 succeeded" in refused.err
    assert shell.run("delete", "--all", "--yes", *other).code == 0
    assert len(processes_in(shell.state)) == 1, "the other batch's runs on"
    for each in ((), other):
        assert "Every promise was kept." in shell.read("audit", *each).out
    assert shell.run("delete", "--all", "--yes").code == 0
    assert not processes_in(shell.state)
