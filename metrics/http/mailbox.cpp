#include "metrics/http/mailbox.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace pandora::metrics::http {

void Mailbox::post(std::function<void()> work)
{
    const std::lock_guard lock{mutex_};
    if (io_ != nullptr) boost::asio::post(*io_, std::move(work));
}

void Mailbox::close()
{
    const std::lock_guard lock{mutex_};
    io_ = nullptr;
}

} // namespace pandora::metrics::http
