"""How is a command shown that somebody copies?"""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

register = template.Library()


@register.simple_block_tag
def copyable(content: str, name: str, *, encodes_secret: bool = False) -> SafeString:
    """A command or file exactly as it stands in the template, with a button that copies it.

    Args:
        encodes_secret: whether it holds the secret where the script would not see it.
    """
    return format_html(
        '<div class="block"><pre tabindex="0"><code id="block-{0}">{1}</code></pre>'
        '<button class="button small copy" type="button" data-copy="block-{0}"{3}>{2}</button>'
        "</div>",
        name,
        # The template has escaped it.
        mark_safe(content.strip()),  # nosec B308 B703
        _("Copy"),
        mark_safe(" data-stored" if encodes_secret else ""),  # nosec B308 B703
    )
