"""What accounts tell the apps above, sent within the writer's transaction: a receiver that fails undoes the write.

account_opened(account, actor, at)
member_joined(membership, invitation: Invitation | None, actor, at)
member_left(membership, actor, at)
member_moves(membership, region: Region | None, at): about to belong to another region; the membership is locked, and
    a receiver that raises a PortalError refuses the move.
invitation_moves(invitation, region: Region | None, at): the same of somebody who is invited; the invitation is locked.
region_ends(region, actor, at): about to be deleted; nobody belongs to it.
invitation_closed(invitation, actor, at): withdrawn or expired, never accepted.
seat_wished(membership, reason, actor, at): who just joined by themselves is to have a seat, or to wait for one.

Send with `send`, not `send_robust`: the receivers' writes belong to the same act.
"""

from django.dispatch import Signal

account_opened = Signal()
member_joined = Signal()
member_left = Signal()
member_moves = Signal()
invitation_moves = Signal()
region_ends = Signal()
invitation_closed = Signal()
seat_wished = Signal()
