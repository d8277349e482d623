#include "hub/client/cpp/reply.hpp"

#include <utility>

namespace pandora::hub::client {

/// What the copies of a Reply share.
class Reply::Once {
public:
    Once(std::weak_ptr<Owner> owner, std::uint64_t call) : owner_{std::move(owner)}, call_{call} {}

    Once(const Once&) = delete;
    Once& operator=(const Once&) = delete;

    ~Once()
    {
        if (!answered_) answer(CallError{"Error", "the method returned without an answer"});
    }

    void answer(const Outcome& outcome)
    {
        const auto owner = std::exchange(answered_, true) ? nullptr : owner_.lock();
        if (owner) owner->answer(call_, outcome);
    }

    bool part(const Payload& value) const
    {
        const auto owner = answered_ ? nullptr : owner_.lock();
        return owner && owner->part(call_, value);
    }

    void on_part_wanted(std::function<void()> handler) const
    {
        const auto owner = answered_ ? nullptr : owner_.lock();
        if (owner) owner->on_part_wanted(call_, std::move(handler));
    }

    bool answered() const { return answered_; }

private:
    std::weak_ptr<Owner> owner_;
    std::uint64_t call_;
    bool answered_ = false;
};

Reply::Reply(std::weak_ptr<Owner> owner, std::uint64_t call) : once_{std::make_shared<Once>(std::move(owner), call)} {}

void Reply::value(Json result) const { once_->answer(Outcome{std::move(result)}); }

void Reply::bytes(Bytes result) const { once_->answer(Outcome{std::move(result)}); }

void Reply::done() const { once_->answer(Outcome::absent()); }

void Reply::error(std::string message, std::string name) const
{
    once_->answer(CallError{std::move(name), std::move(message)});
}

bool Reply::part(const Json& value) const { return once_->part(value); }

bool Reply::part(const Bytes& value) const { return once_->part(value); }

void Reply::on_part_wanted(std::function<void()> handler) const { once_->on_part_wanted(std::move(handler)); }

bool Reply::answered() const { return once_->answered(); }

} // namespace pandora::hub::client
