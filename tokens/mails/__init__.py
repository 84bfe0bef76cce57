"""The mails: who is told of what, what each says, and how they leave the outbox."""
