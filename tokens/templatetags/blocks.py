"""How is a command shown that somebody copies?"""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

register = template.Library()


@register.simple_block_tag
def copyable(content: str, name: str) -> SafeString:
    """A command or file exactly as it stands in the template, with a button that copies it."""
    return format_html(
        '<div class="block"><pre tabindex="0"><code id="block-{0}">{1}</code></pre>'
        '<button class="button small copy" type="button" data-copy="block-{0}">{2}</button></div>',
        name,
        # The template has escaped it.
        mark_safe(content.strip()),  # nosec B308 B703
        _("Copy"),
    )
