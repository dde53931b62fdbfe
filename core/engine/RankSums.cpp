// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/RankSums.h"

#include "engine/GlooNames.h"
#include "engine/RankSocket.h"
#include "engine/RankStore.h"
#include "foundation/Error.h"

#define USE_C10D_GLOO // LibTorch has it; only its own build files say so
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <stdexcept>
#include <string>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <utility>

namespace secateur {
namespace {

constexpr std::int64_t kBlock = 1 << 20; ///< numbers of a block, about: 4 MiB

/// Rows of a block.
std::int64_t rowsOf(std::int64_t columns)
{
    return std::max<std::int64_t>(1, kBlock / std::max<std::int64_t>(1, columns));
}

/// The address under which the other ranks find this one. On the machine of rank 0 its name may be an address that only the machine itself has (Debian's
/// /etc/hosts has 127.0.1.1 for it); the others know how they reach it.
std::string ownAddress(Ranks &ranks, RankStore &store, const JobContext &context)
{
    const RankAddresses here = addressesTowards(store.host(), store.port());
    const std::vector<std::string> reached = ranks.exchange(here.theirs, context);
    if (ranks.rank() == 0 && here.isLoopback)
        for (std::size_t other = 1; other < reached.size(); ++other)
            if (reached[other] != here.theirs && !reached[other].empty())
                return reached[other];
    return here.own;
}

} // namespace

/// The connections, and the order of adding.
class RankSums::Group {
public:
    Group(Ranks &ranks, RankStore &store, const JobContext &context) : m_ranks(ranks), m_store(store)
    {
        const std::string address = ownAddress(ranks, store, context); // from here on all are there
        underGloo(context, [&] {
            auto options = c10d::ProcessGroupGloo::Options::create(store.patience());
            options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(address));
            m_group = c10::make_intrusive<c10d::ProcessGroupGloo>(store.connection(), ranks.rank(), ranks.size(), options);
        });
    }

    bool add(const std::vector<at::Tensor> &parts, const JobContext &context)
    {
        m_ranks.exchange({}, context); // those with more windows are waited for here, where one that ends is noticed
        for (const at::Tensor &part : parts)
            add(part, context);
        m_ranks.exchange({}, context); // nobody leaves while others still receive
        return m_ranks.rank() == 0;
    }

private:
    using Works = std::vector<c10::intrusive_ptr<c10d::Work>>;

    /// A round takes a block of rows for each rank: that rank gets the block of all, adds them in their order, and rank 0 gets the sums.
    void add(const at::Tensor &part, const JobContext &context)
    {
        const std::int64_t size = m_ranks.size(), columns = part.size(1), share = (part.size(0) + size - 1) / size;
        const std::int64_t rows = std::min(rowsOf(columns), share);
        const at::Tensor given = at::zeros({size, rows, columns}, at::kFloat);
        const at::Tensor got = at::empty({size, rows, columns}, at::kFloat);
        const auto rowsAt = [&](std::int64_t first) { return std::clamp<std::int64_t>(part.size(0) - first, 0, rows); };
        for (std::int64_t first = 0; first < part.size(0); first += size * rows) {
            context.check();
            for (std::int64_t owner = 0; owner < size; ++owner)
                if (const std::int64_t begin = first + owner * rows, count = rowsAt(begin); count > 0)
                    given[owner].narrow(0, 0, count).copy_(part.narrow(0, begin, count));
            underGloo(context, [&] {
                Works works;
                for (std::int64_t owner = 0; owner < size; ++owner)
                    works.push_back(gather(given[owner], got, owner));
                finish(works);
                const at::Tensor sum = got[0].clone();
                for (std::int64_t other = 1; other < size; ++other)
                    sum.add_(got[other]);
                finish({gather(sum, got, 0)});
            });
            for (std::int64_t owner = 0; m_ranks.rank() == 0 && owner < size; ++owner)
                if (const std::int64_t begin = first + owner * rows, count = rowsAt(begin); count > 0)
                    part.narrow(0, begin, count).copy_(got[owner].narrow(0, 0, count));
        }
    }

    /// Begins to bring what each rank gives to `root`.
    c10::intrusive_ptr<c10d::Work> gather(const at::Tensor &mine, const at::Tensor &all, std::int64_t root)
    {
        std::vector<at::Tensor> inputs = {mine};
        std::vector<std::vector<at::Tensor>> outputs;
        if (root == m_ranks.rank())
            outputs.push_back(all.unbind(0));
        c10d::GatherOptions options;
        options.rootRank = root;
        return m_group->gather(outputs, inputs, options);
    }

    static void finish(const Works &works)
    {
        for (const auto &work : works)
            work->wait();
    }

    /// What Gloo throws means that a rank is gone: which one, the store knows.
    template <typename Function>
    void underGloo(const JobContext &context, const Function &connected)
    {
        try {
            connected();
        } catch (const std::exception &) {
            m_store.throwLost(context);
        }
    }

    Ranks &m_ranks;
    RankStore &m_store;
    c10::intrusive_ptr<c10d::Backend> m_group;
};

RankSums::RankSums(std::shared_ptr<Ranks> ranks, const JobContext &context) : m_ranks(std::move(ranks))
{
    if (m_ranks->isAlone())
        return;
    auto *const store = dynamic_cast<RankStore *>(m_ranks.get());
    if (store == nullptr)
        throw std::invalid_argument("these ranks have no store in which they could meet");
    m_group = std::make_unique<Group>(*m_ranks, *store, context);
}

RankSums::~RankSums() = default;

bool RankSums::add(const std::vector<at::Tensor> &parts, const JobContext &context)
{
    return m_group ? m_group->add(parts, context) : true;
}

std::int64_t RankSums::bytesBeside(std::int64_t columns, int ranks)
{
    if (ranks == 1)
        return 0;
    return (2 * ranks + 1) * rowsOf(columns) * columns * std::int64_t(sizeof(float));
}

} // namespace secateur
