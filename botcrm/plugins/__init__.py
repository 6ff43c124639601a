"""Built-in plugins, written on the same hooks as everybody's."""

from botcrm.plugins import kinds, reports, rules
from botcrm.plugins.channels import web_form

BUILT_IN = (kinds, reports, rules, web_form)
