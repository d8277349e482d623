// How soon this process is killed when memory runs out: see oom_score_adj in proc(5). What it starts inherits it.
#pragma once

#include <optional>

namespace pandora::supervisor::os {

/// -1000 (never) to 1000 (first); none where /proc does not tell.
std::optional<int> oom_score_adj();

/// False: not allowed. Anyone may raise it; to lower it takes CAP_SYS_RESOURCE.
bool set_oom_score_adj(int score);

} // namespace pandora::supervisor::os
