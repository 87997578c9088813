"""Who may do what, denied by default: a view names the roles of each method, a form those of each field."""

from collections.abc import Collection, Iterable, Mapping

from django.views import View
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from conventions.problems import Problem

EVERYBODY = frozenset({"everybody"})  # with or without a token, which is not looked at
ANYBODY = frozenset({"anybody"})  # with a token that holds, or without one


# --8<-- [start:named_roles]
class NamedRoles(BasePermission):
    """Lets the roles in that `view.roles` names for the method; a method that it does not name is nobody's."""

    def has_permission(self, request: Request, view: View) -> bool:
        method = request.method.lower()
        if method not in view.http_method_names or not hasattr(view, method):
            return True  # for the answer 405
        return request.user is not None and request.user.role in roles_of(view, method)


def roles_of(view: View, method: str) -> Collection[str]:
    """The roles that may call `method` of `view`; who may read may ask for the head as well."""
    return view.roles.get("get" if method == "head" else method, ())


# --8<-- [end:named_roles]


def check_fields(sent: Iterable[str], rules: Mapping[str, Collection[str]], role: str) -> None:
    """Refuse the fields that `role` may not set, so that none is ignored without a word.

    Args:
        sent: the names of the fields in the request's body.
        rules: the roles that may set each field; a field that is not named is nobody's.
        role: the role of whoever sends them.

    Raises:
        Problem: 403, with a pointer to each such field (OWASP ASVS 5.0, 8.2.3).
    """
    if forbidden := sorted(name for name in sent if role not in rules.get(name, ())):
        raise Problem(
            status=403,
            kind="field-forbidden",
            title="A field is not yours to set",
            detail="Nothing was changed. Each entry of errors names a field that your role may not set.",
            errors=[{"pointer": f"#/{name}", "detail": f"Not for the role {role}."} for name in forbidden],
        )
