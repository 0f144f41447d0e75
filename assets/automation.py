"""When assets materialise by themselves: upstream data changed, or the code did."""

from __future__ import annotations

import dagster as dg


def upstream_or_code_changes() -> dg.AutomationCondition:
    """Upstream was updated or the code version changed, nothing upstream is missing, running or failing its checks.

    `eager()` alone ignores code versions. The code condition is an edge, not a level, and is reset when the asset is
    requested: a level-triggered condition asks again for ever when the run fails.
    """
    code_changed = dg.AutomationCondition.code_version_changed().newly_true().since(
        dg.AutomationCondition.newly_requested() | dg.AutomationCondition.newly_updated()
    )
    ready = ~dg.AutomationCondition.any_deps_missing() & ~dg.AutomationCondition.any_deps_in_progress()
    checked = dg.AutomationCondition.all_deps_blocking_checks_passed()
    idle = ~dg.AutomationCondition.in_progress()
    return (dg.AutomationCondition.eager() & checked) | (code_changed & ready & checked & idle)
