"""What plugins and the product hand each other: commands, channels, rules, reports and the rest, as plain typed parts.

Authors import these from `botcrm` itself.
"""
