"""A system call filter: no sockets, no programs, no processes, no access to other processes.

It is a deny list. System calls newer than the newest one listed return ENOSYS, which libraries expect from an
older kernel, so that new ones are not allowed by accident. Threads stay allowed.
See https://docs.kernel.org/userspace-api/seccomp_filter.html.
"""

import ctypes
import errno
import os
import struct

from bot.media.sandbox import kernel

_PR_GET_SECCOMP, _PR_SET_SECCOMP, _MODE_FILTER = 21, 22, 2
_PR_SET_NAME, _PR_SET_VMA = 15, 0x53564D41

#: AUDIT_ARCH_*, and the index of the architecture's numbers below
_ARCHES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
#: the newest system call that is known here; newer ones do not exist for a child
_NEWEST = 450

#: denied with EPERM: number on x86_64 and on aarch64, None if it does not exist there
_FORBIDDEN: dict[str, tuple[int | None, int | None]] = {
    # the network, and sockets to other processes
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    # programs and processes
    "execve": (59, 221),
    "execveat": (322, 281),
    "fork": (57, None),
    "vfork": (58, None),
    "setsid": (112, 157),
    "setpgid": (109, 154),
    # other processes of the same user
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "kcmp": (312, 272),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "sched_setattr": (314, 274),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    # memory and queues shared by name
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "semget": (64, 190),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "semctl": (66, 191),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    # ways to bypass this filter, and parts of the kernel that no decoder needs
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "personality": (135, 92),
    "modify_ldt": (154, None),
    "iopl": (172, None),
    "ioperm": (173, None),
    "uselib": (134, None),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "syslog": (103, 116),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "reboot": (169, 142),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "fanotify_init": (300, 262),
    # another view of the files
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    # covered by Landlock only since version 3; open files can be truncated with ftruncate
    "truncate": (76, 45),
    # not covered by Landlock: permissions, owners, times and attributes of any file
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
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
    "mknod": (133, None),
    "mknodat": (259, 33),
}
_CLONE, _CLONE3 = (56, 220), (435, 435)
_CLONE_THREAD = 0x10000
_IOCTL, _PRCTL, _KILL, _TGKILL, _PRLIMIT = (16, 29), (157, 167), (62, 129), (234, 131), (302, 261)
#: inserts characters into a terminal's input
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_FCNTL = (72, 25)
#: make the kernel send a signal to any process when a file becomes readable
_F_SETOWN, _F_SETSIG, _F_SETOWN_EX, _FIOSETOWN, _SIOCSPGRP = 8, 10, 15, 0x8901, 0x8902

#: struct sock_filter: code, jump if true, jump if false, constant
_INSTRUCTION = struct.Struct("=HBBI")
_LOAD, _EQUAL, _GREATER, _ANY_BIT, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x06
#: offsets in struct seccomp_data: number, architecture, low halves of the arguments (both architectures are
#: little-endian)
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16
_ALLOW, _KILL_PROCESS, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def is_available() -> bool:
    """Whether this kernel has filters and the numbers of this architecture are known."""
    if kernel.machine() not in _ARCHES:
        return False
    try:
        kernel.prctl(_PR_GET_SECCOMP)
    except OSError:
        return False
    return True


def filter_system_calls() -> None:
    """Install the filter permanently for this process and its future threads."""
    if not is_available():
        raise OSError(errno.EOPNOTSUPP, "this kernel has no filter for system calls")
    code = program(kernel.machine(), os.getpid())
    filter_program = _Program(len(code) // _INSTRUCTION.size, code)
    kernel.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(filter_program))


def program(machine: str, pid: int) -> bytes:
    """The BPF program for a process of this id."""
    arch, column = _ARCHES[machine]
    refuse, unknown = _ERRNO | errno.EPERM, _ERRNO | errno.ENOSYS
    steps = [
        *((_LOAD, 0, 0, _ARCH), (_EQUAL, 1, 0, arch), (_RETURN, 0, 0, _KILL_PROCESS)),
        (_LOAD, 0, 0, _NUMBER),
        *((_GREATER, 0, 1, _NEWEST), (_RETURN, 0, 0, unknown)),
        *((_EQUAL, 0, 1, _CLONE3[column]), (_RETURN, 0, 0, unknown)),
    ]
    for numbers in _FORBIDDEN.values():
        if (number := numbers[column]) is not None:
            steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, refuse)]
    steps += _judged(_CLONE[column], 0, [(_ANY_BIT, _CLONE_THREAD, _ALLOW)], refuse)
    requests = (_TIOCSTI, _TIOCLINUX, _FIOSETOWN, _SIOCSPGRP)
    steps += _judged(_IOCTL[column], 1, [(_EQUAL, one, refuse) for one in requests], _ALLOW)
    commands = (_F_SETOWN, _F_SETSIG, _F_SETOWN_EX)
    steps += _judged(_FCNTL[column], 1, [(_EQUAL, one, refuse) for one in commands], _ALLOW)
    steps += _judged(
        _PRCTL[column], 0, [(_EQUAL, one, _ALLOW) for one in (_PR_SET_NAME, _PR_SET_VMA)], refuse
    )
    for own in (_KILL, _TGKILL):
        steps += _judged(own[column], 0, [(_EQUAL, pid, _ALLOW)], refuse)
    steps += _judged(_PRLIMIT[column], 0, [(_EQUAL, one, _ALLOW) for one in (0, pid)], refuse)
    steps.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(_INSTRUCTION.pack(*step) for step in steps)


def _judged(
    number: int, argument: int, cases: list[tuple[int, int, int]], otherwise: int
) -> list[tuple[int, int, int, int]]:
    """Instructions that decide a system call by one argument; `cases` are comparison, constant, result."""
    block = [(_LOAD, 0, 0, _ARGUMENTS + 8 * argument)]
    for compare, constant, answer in cases:
        block += [(compare, 0, 1, constant), (_RETURN, 0, 0, answer)]
    block.append((_RETURN, 0, 0, otherwise))
    return [(_EQUAL, 0, len(block), number), *block]
