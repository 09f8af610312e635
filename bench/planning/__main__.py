"""How well requests are planned: `python -m bench.planning [--quick] [--json] [--half dev|test] [--wrong]`.

Reads the requests of bench/planning/requests with their reference plans and plans each with the offline planner and, if
ISTHMUS_PLANNER_MODEL is set, with that language model too.

exact               plans whose every step, question, argument and dependency is correct
step_f1             over the tasks of the steps
argument_accuracy   questions, models and training fields that are correct, where the task is
hallucinated        plans with a task or a model that does not exist
training_exact      training requests with all fields correct and none invented
ms_p50, ms_p99      milliseconds per plan
people              other requests, written without sight of the planner (bench/planning/people/README.md)
"""

from bench.harness import command
from bench.planning.measurement import configured_planner, measure
from bench.planning.people import measurement as people
from bench.planning.scoring import read_requests
from inference.planning.planner import OfflinePlanner, make_planner


def main() -> None:
    parser = command.parser("planning", __doc__)
    parser.add_argument("--quick", action="store_true", help="every fifth request")
    parser.add_argument("--half", choices=("dev", "test"), default="test", help="which half of the requests")
    parser.add_argument("--wrong", action="store_true", help="print each request that was planned incorrectly")
    options = parser.parse_args()
    requests = read_requests(options.half)[:: 5 if options.quick else 1]
    figures: dict[str, object] = dict(measure(requests, OfflinePlanner(), options.wrong))
    figures["people"] = people.measure(options.half, OfflinePlanner(), 5 if options.quick else 1, options.wrong)
    if (config := configured_planner()).model:
        planner = make_planner(config)
        figures["llm"] = {"model": config.model, **measure(requests, planner, options.wrong),
                          "people": people.measure(options.half, planner, 5 if options.quick else 1)}  # fmt: skip
    command.print_figures(figures, options.json)


if __name__ == "__main__":
    main()
