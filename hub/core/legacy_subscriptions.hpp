// What consumers have subscribed to at legacy providers. A legacy SUBSCRIBE reaches one provider, which only counts;
// it neither notices that a subscriber has gone, nor does its next run know of those it had. The hub remembers both,
// and says the missing SUBSCRIBE and UNSUBSCRIBE itself. Pure; one object a hub.
//
//     subscribed() --> bound to a provider -- provider_gone() --> orphaned -- provider_came() --> bound to that one
//                            |                                       |
//                            +-- unsubscribed(), consumer_gone() ----+--> forgotten
#pragma once

#include "hub/core/ids.hpp"
#include "hub/wire/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pandora::hub::core {

/// An event of an object, as SUBSCRIBE names it.
struct LegacyTopic {
    std::string object, tag, event; // tag: empty where there is none
    bool operator==(const LegacyTopic&) const = default;
};

/// The same, borrowed.
struct LegacyTopicView {
    std::string_view object, tag, event;
};

class LegacySubscriptions {
public:
    /// UNSUBSCRIBEs that a provider is to be sent in the name of a consumer.
    struct Owed {
        PeerId provider{};
        LegacyTopic topic;
        std::uint32_t count = 0;
        bool operator==(const Owed&) const = default;
    };

    /// SUBSCRIBEs that a provider is to be sent, in the name of all who wait for it.
    struct Renewal {
        LegacyTopic topic;
        std::uint32_t count = 0;
        bool operator==(const Renewal&) const = default;
    };

    explicit LegacySubscriptions(const wire::Limits& limits) : limits_{limits} {}

    /// A SUBSCRIBE of `consumer` has been given to `provider`. `consumer` may be a native client in whose name the hub
    /// has subscribed. False: not remembered. A consumer is remembered with so many SUBSCRIBEs as it may have native
    /// subscriptions, repeated ones included, since each costs a frame when it goes; and none longer than a selector.
    bool subscribed(PeerId consumer, PeerId provider, const LegacyTopicView& topic);

    /// An UNSUBSCRIBE of `consumer` has been given to `provider`; or was answered without one, where the topic is
    /// orphaned. False: nothing of the kind is remembered.
    bool unsubscribed(PeerId consumer, std::optional<PeerId> provider, const LegacyTopicView& topic);

    /// Who counts the subscription, and is the one to send the UNSUBSCRIBE to. nullopt: nobody (any more).
    std::optional<PeerId> provider_of(PeerId consumer, const LegacyTopicView& topic) const;

    /// Whether that provider counts it.
    bool is_bound(PeerId consumer, PeerId provider, const LegacyTopicView& topic) const;

    /// What providers are to be told now. Of a connection that is both, provider_gone() comes first.
    std::vector<Owed> consumer_gone(PeerId consumer);

    /// Its subscriptions are orphaned, but remembered.
    void provider_gone(PeerId provider);

    /// `provider` has published the object: the orphans that it serves are bound to it, and it has to be told. One
    /// without a tag serves all tags, as npm providers do; one with a tag serves that one.
    std::vector<Renewal> provider_came(PeerId provider, std::string_view object, std::string_view tag);

    /// Appends the events of the object that anybody has subscribed to, in order of name; one of several tags comes
    /// several times. The views hold until the next change.
    void events_of(std::string_view object, std::vector<std::string_view>& into) const;

    /// What is to be charged to a consumer.
    std::size_t bytes(PeerId consumer) const;

private:
    /// Topics of one object and event stand together, whatever their tags.
    struct Before {
        using is_transparent = void;
        static bool less(const LegacyTopicView& a, const LegacyTopicView& b);

        bool operator()(const LegacyTopicView& a, const LegacyTopicView& b) const { return less(a, b); }

        bool operator()(const LegacyTopic& a, const LegacyTopic& b) const { return less(view(a), view(b)); }

        bool operator()(const LegacyTopicView& a, const LegacyTopic& b) const { return less(a, view(b)); }

        bool operator()(const LegacyTopic& a, const LegacyTopicView& b) const { return less(view(a), b); }
    };

    /// What one consumer has at one provider; there is one entry for its orphans.
    struct Entry {
        PeerId consumer{};
        std::optional<PeerId> provider; // nullopt: orphaned
        std::uint32_t count = 0;
    };

    using Entries = std::vector<Entry>; // those of one consumer stand together
    using ByTopic = std::map<LegacyTopic, Entries, Before>;

    struct OfPeer {
        std::vector<ByTopic::iterator> topics; // as a consumer, each once
        std::size_t remembered = 0;            // as a consumer: SUBSCRIBEs
        std::size_t bytes = 0;                 // of the topics
        std::size_t provides = 0;              // as a provider: entries
    };

    static LegacyTopicView view(const LegacyTopic& topic) { return {topic.object, topic.tag, topic.event}; }

    OfPeer& of(PeerId peer);
    static Entry& entry(Entries& entries, PeerId consumer, std::optional<PeerId> provider);
    std::uint32_t rebind(Entries& entries, std::optional<PeerId> from, std::optional<PeerId> to);
    void forget_topic(PeerId consumer, ByTopic::iterator topic);

    wire::Limits limits_;
    ByTopic topics_;
    std::vector<OfPeer> peers_; // by PeerId
};

} // namespace pandora::hub::core
