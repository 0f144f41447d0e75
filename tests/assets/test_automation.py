"""The automation condition: new data or new code upstream asks for a run, once."""

import dagster as dg

from assets.automation import upstream_or_code_changes


def _definitions(code_version: str) -> dg.Definitions:
    @dg.asset
    def upstream() -> None: ...

    @dg.asset(deps=[upstream], code_version=code_version, automation_condition=upstream_or_code_changes())
    def downstream() -> None: ...

    return dg.Definitions(assets=[upstream, downstream])


def _materialize(definitions: dg.Definitions, instance: dg.DagsterInstance, name: str) -> None:
    job = definitions.resolve_implicit_global_asset_job_def()
    assert job.execute_in_process(instance=instance, asset_selection=[dg.AssetKey(name)]).success


def test_data_upstream_and_code_changes_ask_once_each() -> None:
    old, new = _definitions("1"), _definitions("2")
    downstream = dg.AssetKey("downstream")
    with dg.DagsterInstance.ephemeral() as instance:
        first = dg.evaluate_automation_conditions(old, instance)
        assert first.total_requested == 0, "nothing upstream: nothing to do"
        _materialize(old, instance, "upstream")
        second = dg.evaluate_automation_conditions(old, instance, cursor=first.cursor)
        assert second.get_num_requested(downstream) == 1
        _materialize(old, instance, "downstream")
        third = dg.evaluate_automation_conditions(old, instance, cursor=second.cursor)
        assert third.total_requested == 0
        changed = dg.evaluate_automation_conditions(new, instance, cursor=third.cursor)
        assert changed.get_num_requested(downstream) == 1
        again = dg.evaluate_automation_conditions(new, instance, cursor=changed.cursor)
        assert again.total_requested == 0, "a change asks once, even if the run never comes"
