"""A filter of system calls: what a process on Linux can never again ask of the system, root or not, in any thread.

What is refused is what reaches other processes, a network, the machine, the limits, memory that no limit counts, and
the owner and the rights of files, which Landlock leaves alone. Everything else is allowed, for Python and NumPy need a
great deal.
"""

from __future__ import annotations

import errno
import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path

# The numbers of calls that are always refused, of the kernel's unistd.h, on x86_64 and on aarch64.
_REFUSED: Mapping[str, tuple[int | None, int | None]] = {
    # Other processes.
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "setpriority": (141, 140),
    "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
    "ioprio_set": (251, 30),
    # Leaving the session and the group by which all that it has started is ended; other programs.
    "setsid": (112, 157),
    "setpgid": (109, 154),
    "execve": (59, 221),
    "execveat": (322, 281),
    # A network.
    "socket": (41, 198),
    # Memory that outlives a process, or is counted nowhere.
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    # Limits.
    "setrlimit": (160, 164),
    # Owners, rights and lengths of files by their names.
    "truncate": (76, 45),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "quotactl": (179, 60),
    # The machine.
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "acct": (163, 89),
    "syslog": (103, 116),
    "iopl": (172, None),
    "ioperm": (173, None),
    "personality": (135, 92),
    "modify_ldt": (154, None),
}
# Calls whose arguments decide, and those for which the C library knows another way.
_FORKS: Mapping[str, tuple[int | None, int | None]] = {"fork": (57, None), "vfork": (58, None)}
_UNKNOWN: Mapping[str, tuple[int | None, int | None]] = {"clone3": (435, 435), "openat2": (437, 437)}
_CLONE, _KILL, _TGKILL, _PRLIMIT, _OPENAT, _OPEN = (56, 220), (62, 129), (234, 131), (302, 261), (257, 56), (2, None)
_SECCOMP = (317, 277)
# By the machine's name: which of the numbers are its own, and what the kernel calls it.
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_OTHER_TABLE = 0x40000000
_THREAD, _NAMESPACES, _UNNAMED_FILE = 0x10000, 0x7E020000, 0x400000

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOWED, _REFUSAL = 0x7FFF0000, 0x00050000
_NUMBER, _MACHINE, _ARGUMENTS = 0, 4, 16
_FILTER_MODE, _ALL_THREADS, _NO_NEW_PRIVILEGES = 1, 1, 38


def is_there() -> bool:
    """Whether this system has such filters, and this module knows its machine."""
    is_known = sys.platform.startswith("linux") and platform.machine() in _MACHINES and sys.maxsize > 1 << 32
    return is_known and Path("/proc/sys/kernel/seccomp/actions_avail").exists()


def refuse(*, forks: bool, signals: bool) -> bool:
    """Have this process refused what it does not need, from now on; whether the system does that.

    Parameters
    ----------
    forks
        Whether it may not start processes either; threads it may.
    signals
        Whether it may send signals to itself alone.
    """
    if not is_there():
        return False
    import ctypes

    steps = _program(forks, signals)
    encoded = b"".join(_step(*step) for step in steps)
    kept = ctypes.create_string_buffer(encoded, len(encoded))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))

    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(_NO_NEW_PRIVILEGES, *map(ctypes.c_ulong, (1, 0, 0, 0)))
    program = Program(len(steps), ctypes.addressof(kept))
    number = _SECCOMP[_MACHINES[platform.machine()][0]]
    return bool(
        library.syscall(number, ctypes.c_uint(_FILTER_MODE), ctypes.c_uint(_ALL_THREADS), ctypes.byref(program)) == 0
    )


Step = tuple[int, int, int, int]


def _step(code: int, if_so: int, if_not: int, value: int) -> bytes:
    return code.to_bytes(2, sys.byteorder) + bytes([if_so, if_not]) + value.to_bytes(4, sys.byteorder)


def _program(forks: bool, signals: bool) -> list[Step]:
    which, machine = _MACHINES[platform.machine()]
    no, unknown, yes = _answer(errno.EPERM), _answer(errno.ENOSYS), (_RETURN, 0, 0, _ALLOWED)
    steps: list[Step] = [(_LOAD, 0, 0, _MACHINE), (_EQUAL, 1, 0, machine), no, (_LOAD, 0, 0, _NUMBER)]
    if which == 0:
        steps += [(_AT_LEAST, 0, 1, _OTHER_TABLE), no]

    def when(numbers: tuple[int | None, int | None], then: list[Step]) -> None:
        number = numbers[which]
        if number is not None:
            # What is done then ends with an answer.
            steps.extend([(_EQUAL, 0, len(then), number), *then])

    for numbers in (*_REFUSED.values(), *(_FORKS.values() if forks else ())):
        when(numbers, [no])
    for numbers in _UNKNOWN.values():
        when(numbers, [unknown])
    flags = (_LOAD, 0, 0, _low(0))
    when(
        _CLONE,
        [flags, (_ANY_BIT, 1, 0, _THREAD), no, yes] if forks else [flags, (_ANY_BIT, 0, 1, _NAMESPACES), no, yes],
    )
    if signals:
        for numbers in (_KILL, _TGKILL):
            when(numbers, [(_LOAD, 0, 0, _low(0)), (_EQUAL, 2, 0, 0), (_EQUAL, 1, 0, os.getpid()), no, yes])
    # Limits may be read.
    when(
        _PRLIMIT,
        [
            *((_LOAD, 0, 0, _low(2)), (_EQUAL, 1, 0, 0), no),
            *((_LOAD, 0, 0, _low(2) + 4), (_EQUAL, 1, 0, 0), no, yes),
        ],
    )
    for numbers, place in ((_OPENAT, 2), (_OPEN, 1)):
        when(numbers, [(_LOAD, 0, 0, _low(place)), (_ANY_BIT, 0, 1, _UNNAMED_FILE), no, yes])
    return [*steps, yes]


def _low(argument: int) -> int:
    """Where the lower half of an argument stands; both machines have it first."""
    return _ARGUMENTS + 8 * argument


def _answer(number: int) -> Step:
    return _RETURN, 0, 0, _REFUSAL | number
