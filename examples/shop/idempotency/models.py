from conventions.idempotency import KeptAnswer


class Answer(KeptAnswer):
    """What a user's request with an idempotency key was answered."""

    class Meta(KeptAnswer.Meta):
        pass
