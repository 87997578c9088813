"""Refuse an operation by what it would cost and how deep it is, before anything of it is executed.

A field costs 1, and what stands under a list counts as often as the list has entries: as `first` says, or as
`ENTRIES` supposes. A field that writes costs 100. So a short text that asks for a million rows is refused as a long
one is, whether it repeats itself by aliases, by fragments or by lists in lists.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    ExecutableDefinitionNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    IntValueNode,
    OperationDefinitionNode,
    SelectionNode,
    ValidationRule,
    VariableNode,
)
from strawberry.extensions import SchemaExtension

MOST = 1000
DEEPEST = 8
WRITE = 100
INTROSPECTION = {"__schema": 300, "__type": 30}  # whatever is asked of it: the schema is small and in memory
# --8<-- [start:entries]
# Lists without `first`, by the name of their field: how many entries are supposed.
ENTRIES = {"categories": 20, "items": 10}
# The default of `first` where it is not sent.
FIRST = {"products": 20, "orders": 20}
LARGEST_FIRST = 100
# --8<-- [end:entries]


# --8<-- [start:cost]
@dataclass(frozen=True)
class Size:
    """What a part of an operation costs, and how many levels of fields it has."""

    cost: int = 0
    depth: int = 0


class Sizes:
    """The sizes of the operations of one document, with the variables that were sent.

    Each fragment is measured once: thirty fragments that each spread the next one twice are a billion fields.
    """

    def __init__(
        self, document: DocumentNode, variables: Mapping[str, object], writes: Collection[str] = ()
    ) -> None:
        self._variables = variables
        self._writes = writes  # names of the fields that write
        definitions = document.definitions
        self._operations = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
        fragments = (each for each in definitions if isinstance(each, FragmentDefinitionNode))
        self._fragments = {each.name.value: each for each in fragments}
        self._known: dict[str, Size] = {}

    def largest(self) -> Size:
        sizes = [self._under(each) for each in self._operations]
        return Size(
            max((size.cost for size in sizes), default=0), max((size.depth for size in sizes), default=0)
        )

    def _under(self, node: ExecutableDefinitionNode | SelectionNode) -> Size:
        sizes = (
            [self._selection(each) for each in node.selection_set.selections] if node.selection_set else []
        )
        return Size(sum(size.cost for size in sizes), max((size.depth for size in sizes), default=0))

    def _selection(self, node: SelectionNode) -> Size:
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value)
        if not isinstance(node, FieldNode):
            return self._under(node)  # an inline fragment
        if node.name.value in INTROSPECTION:
            return Size(INTROSPECTION[node.name.value], 1)
        under = self._under(node)
        own = WRITE if node.name.value in self._writes else 1
        return Size(own + self._entries(node) * under.cost, 1 + under.depth)

    def _fragment(self, name: str) -> Size:
        if name not in self._known and name in self._fragments:
            self._known[name] = Size()  # one that holds itself is refused by another rule
            self._known[name] = self._under(self._fragments[name])
        return self._known.get(name, Size())

    # --8<-- [end:cost]

    def _entries(self, field: FieldNode) -> int:
        name = field.name.value
        value: object = FIRST.get(name, ENTRIES.get(name, 1))
        for argument in field.arguments or ():
            if argument.name.value == "first":
                if isinstance(argument.value, IntValueNode):
                    value = int(argument.value.value)
                elif isinstance(argument.value, VariableNode):
                    value = self._variables.get(argument.value.name.value, LARGEST_FIRST)
        return min(max(value, 1), LARGEST_FIRST) if isinstance(value, int) else LARGEST_FIRST


class SizeLimit(SchemaExtension):
    """Adds the rule to the validation of each operation, since only then its variables are known."""

    def on_validate(self) -> Iterator[None]:
        variables = self.execution_context.variables or {}

        class Affordable(ValidationRule):
            def enter_document(self, node: DocumentNode, *_: object) -> None:
                size = Sizes(node, variables, self.context.schema.mutation_type.fields).largest()
                if size.cost > MOST:
                    self.report_error(
                        GraphQLError(
                            f"This operation costs {size.cost}, and at most {MOST} are allowed. Ask for fewer "
                            "entries with `first`, or for less in each.",
                            extensions={"code": "too-costly", "cost": size.cost, "limit": MOST},
                        )
                    )
                elif size.depth > DEEPEST:
                    self.report_error(
                        GraphQLError(
                            f"This operation is {size.depth} levels deep, and at most {DEEPEST} are allowed.",
                            extensions={"code": "too-deep", "depth": size.depth, "limit": DEEPEST},
                        )
                    )

        self.execution_context.validation_rules = (*self.execution_context.validation_rules, Affordable)
        yield
