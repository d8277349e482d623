/// A process forked from this one, that is ended with this object, and at the latest with this process.
#pragma once

#include <functional>
#include <sys/types.h>

namespace pandora::bench::hub_load {

class Child {
public:
    /// Runs `body` in the child; what it throws is told on standard error. It calls `ready` when this process may go
    /// on: the constructor returns then, and throws where the child ended before. Fork before any thread is made.
    explicit Child(const std::function<void(const std::function<void()>& ready)>& body);
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child();

private:
    pid_t pid_;
};

} // namespace pandora::bench::hub_load
