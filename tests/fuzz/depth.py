"""How deep a run went: `depth.py FOLDER` prints the figures, and fails where they are too low (not with --tell)."""

import json
import pathlib
import sys
from collections import Counter

TENANTS = ("acme", "rival")
# The least that a run has to reach, or what it does not find says nothing.
FLOORS = {"cases": 10_000, "well-meant calls that succeeded, %": 70, "links followed": 100, "of the neighbour's": 500}
SHARE_OF_A_TENANT = 38


def read(folder):
    """Each recorded call: tenant, phase, operation, method, whether it means well, status, link."""
    for tenant in TENANTS:
        with open(folder / f"{tenant}.ndjson", encoding="utf-8") as file:
            for line in file:
                event = json.loads(line).get("ScenarioFinished")
                if event is None:
                    continue
                recorder = event.get("recorder") or {}
                answers = recorder.get("interactions") or {}
                for name, case in (recorder.get("cases") or {}).items():
                    answer = (answers.get(name) or {}).get("response")
                    if answer is not None:
                        yield event["phase"], case, answer["status_code"]


def main():
    folder = pathlib.Path(sys.argv[1])
    document = json.loads((folder / "openapi.json").read_text(encoding="utf-8"))
    succeeded = {(method.upper(), path): 0 for path, item in document["paths"].items() for method in item}
    tenants, phases, statuses, links, meant = Counter(), Counter(), Counter(), Counter(), Counter()
    for phase, case, status in read(folder):
        call = case["value"]
        tenants[call.get("auth_identity") or "nobody"] += 1
        phases[phase] += 1
        statuses[status] += 1
        place = (call["method"].upper(), call["path"])
        if status < 400 and place in succeeded:
            succeeded[place] += 1
        # What a check sends without a token besides means to be refused.
        if call.get("auth_identity") and ((call.get("meta") or {}).get("generation") or {}).get("mode") == "positive":
            meant[status < 400] += 1
        if case["is_transition_applied"]:
            links[(case.get("transition") or {}).get("id")] += 1
    compared = Counter()
    for tenant in TENANTS:
        compared.update(json.loads((folder / f"compared-{tenant}.json").read_text(encoding="utf-8"))["compared"])
    cases = sum(phases.values())
    figures = {
        "cases": cases,
        "well-meant calls that succeeded, %": 100 * meant[True] // max(1, sum(meant.values())),
        "links followed": sum(links.values()),
        "of the neighbour's": sum(compared.values()),
    }
    never = sorted(f"{method} {path}" for (method, path), count in succeeded.items() if not count)
    print(f"cases: {cases}: {told(phases)}; by {told(tenants)}")
    print(f"answers: {told(statuses)}; well-meant: {meant[True]} of {sum(meant.values())} below 400")
    print(f"operations answered below 400: {len(succeeded) - len(never)} of {len(succeeded)}")
    print(f"links followed: {sum(links.values())} steps by {len(links)} links")
    print(f"names of the neighbour's: {sum(compared.values())} calls, answered {told(compared)}")
    wrong = [f"{name}: {figures[name]} of at least {floor}" for name, floor in FLOORS.items() if figures[name] < floor]
    wrong += [
        f"only {tenants[name]} calls by {name}" for name in TENANTS if 100 * tenants[name] < SHARE_OF_A_TENANT * cases
    ]
    wrong += [f"never answered below 400: {one}" for one in never]
    for one in wrong:
        print(f"depth: {one}")
    if wrong and "--tell" not in sys.argv:
        sys.exit(1)


def told(counter):
    return ", ".join(f"{count} {name}" for name, count in sorted(counter.items(), key=lambda one: str(one[0])))


if __name__ == "__main__":
    main()
