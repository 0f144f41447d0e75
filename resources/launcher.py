"""Who launches runs, and can terminate them: Dagster's own launcher, and beside it the command line.

A run of `data-platform run` has no code server that could hand on a termination. The command looks by itself whether
its run is being terminated (`assets/launch.py`), so all that is needed is to show it so. If the command was killed,
nobody looks, and the run is at its end at once.
"""

from __future__ import annotations

from dagster._core.launcher.default_run_launcher import DefaultRunLauncher

from data_platform.resources.command_runs import COMMAND_TAG, end_killed, was_killed


class Launcher(DefaultRunLauncher):
    """Dagster's default launcher, which also terminates runs of the command line."""

    def terminate(self, run_id: str) -> bool:
        """Ask for the end of a run; says whether anybody hears it."""
        run = self._instance.get_run_by_id(run_id) if self.has_instance else None
        if run is None or run.is_finished or COMMAND_TAG not in run.tags:
            return super().terminate(run_id)
        self._instance.report_run_canceling(run)
        if was_killed(run) and (canceling := self._instance.get_run_by_id(run_id)):
            end_killed(self._instance, canceling)
        return True
