"""What does a page ask again and again by itself, while somebody looks on?"""

from collections.abc import Callable

from django.http import HttpResponse

View = Callable[..., HttpResponse]


def watching(view: View) -> View:
    """Marks a view that pages ask by themselves: it keeps no session alive, nor leads elsewhere."""
    view.is_watching = True  # type: ignore[attr-defined]
    return view


def is_watching(view: Callable[..., object]) -> bool:
    """Whether a view is only asked by pages that stand open."""
    return getattr(view, "is_watching", False)
