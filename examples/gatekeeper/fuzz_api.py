"""Drive the gatekeeper's API from its specification, and report every answer that the specification does not allow.

    python fuzz_api.py --seed 1 --seed 2

Each seed gets an empty database with a rule, an incident and the token of an admin. The gate itself is open: a rule
that is made up may block the whole world, and would end the search. The program ends with status 1
where an answer is undocumented, has another shape than documented, or accepts what it must refuse.
"""

import sys

from conventions.fuzzing import Target, main

# What the schema does not say: which texts are networks and addresses, which cursors we signed, that text holds no NUL.
EXCUSED = ("listRules", "addRule", "changeRule", "unblock", "listIncidents")


def new_target() -> Target:
    """Empty the database, and make an admin's token, rule number 1 and incident number 1."""
    from django.core.management import call_command
    from django.utils import timezone

    from gatekeeper.models import Incident
    from gatekeeper.rules import add_rule, parse_network
    from gatekeeper.tokens import ADMIN, add_token

    call_command("flush", interactive=False, reset_sequences=True, verbosity=0)
    now = timezone.now()
    add_rule(action="block", network=parse_network("203.0.113.9"), reason="scans", created_by="fuzz", now=now)
    Incident.objects.create(
        kind="probing",
        subject_type="network",
        subject="203.0.113.9",
        window_start=now,
        seen_at=now,
        score=50,
        evidence={"paths": 4},
    )
    token = add_token(name="fuzz", role=ADMIN, now=now)
    return Target(headers={"Authorization": f"Bearer {token}"}, excused=EXCUSED)


if __name__ == "__main__":
    sys.exit(main("gatekeeper", new_target, __doc__, sys.argv[1:]))
