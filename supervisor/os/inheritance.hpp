// What a process gets from whoever started it, and should not have to trust.
#pragma once

namespace pandora::supervisor::os {

/// Opens /dev/null in place of each of the descriptors 0 to 2 that is closed (otherwise the next file that is opened
/// takes the number, and what is said to people lands in it), and unblocks every signal (a blocked SIGTERM would make
/// us unstoppable). To be called before anything is opened and before any thread is started. Throws std::system_error.
void mend_inheritance();

/// Signals that would end this process and mean nothing to it: SIGUSR1 as sent by log rotation, SIGALRM, SIGPIPE (a
/// closed console is an error of write(2)). Before anything notes what children must not inherit as ignored.
void ignore_stray_signals();

} // namespace pandora::supervisor::os
