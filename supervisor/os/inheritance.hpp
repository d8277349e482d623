// What a process gets from whoever started it, and should not have to trust.
#pragma once

namespace pandora::supervisor::os {

/// Opens /dev/null in place of each of the descriptors 0 to 2 that is closed (otherwise the next file that is opened
/// takes the number, and what is said to people lands in it), and unblocks every signal (a blocked SIGTERM would make
/// us unstoppable). To be called before anything is opened and before any thread is started. Throws std::system_error.
void mend_inheritance();

} // namespace pandora::supervisor::os
