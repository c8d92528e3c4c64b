"""Hook: action `remover_run`. The first callback removes two later ones of the same firing."""

from escalated.hooks import add_action, remove_action


def remove():
    remove_action("remover_run", same_priority)
    remove_action("remover_run", later_priority)


def same_priority():
    print("same_priority ran")


def later_priority():
    print("later_priority ran")


def last():
    print("last ran")


add_action("remover_run", remove, priority=5)
add_action("remover_run", same_priority, priority=5)
add_action("remover_run", later_priority, priority=10)
add_action("remover_run", last, priority=20)
