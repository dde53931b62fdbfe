// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/TextReader.h"

#include "checkpoint/Checkpoint.h"
#include "foundation/Failures.h"
#include "jobs/SessionJobs.h"
#include "models/SessionModel.h"
#include "tokenizer/TokenizerFiles.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <utility>

namespace secateur::ui {
namespace {

constexpr std::chrono::milliseconds kSettled(300);
constexpr std::int64_t kMostOfAll = 8'000'000; ///< tokens of a text that is read to its end, only to be looked at

} // namespace

bool isReadLate(const TextSettings &text, std::int64_t tokens)
{
    return (!text.windows || text.seed != 0) && tokens > kMostOfAll;
}

/// The tokenizer of the model that was read for last. Used on the thread of the pool alone.
struct TextReader::Tokenizers {
    std::filesystem::path folder;
    std::optional<Tokenizer> tokenizer;

    const Tokenizer &of(const std::filesystem::path &model)
    {
        if (!tokenizer || folder != model) {
            tokenizer.reset();
            tokenizer.emplace(openTokenizer(Checkpoint::open(model)).tokenizer);
            folder = model;
        }
        return *tokenizer;
    }
};

TextReader::TextReader(SessionModel &model, const SessionJobs &jobs, QObject *parent)
    : QObject(parent),
      m_model(model),
      m_jobs(jobs),
      m_tokenizers(std::make_shared<Tokenizers>())
{
    m_pool.setMaxThreadCount(1);
    m_soon.setSingleShot(true);
    m_soon.setInterval(kSettled);
    connect(&m_soon, &QTimer::timeout, this, &TextReader::readWhatIsNew);
    connect(&m_model, &SessionModel::textsChanged, &m_soon, qOverload<>(&QTimer::start));
    for (const auto other : {&SessionModel::modelChanged, &SessionModel::modelPresenceChanged})
        connect(&m_model, other, this, [this] {
            m_known.clear();
            m_soon.start();
        });
}

TextReader::~TextReader()
{
    m_stop.request_stop();
    m_pool.clear();
    m_pool.waitForDone();
}

void TextReader::readWhatIsNew()
{
    m_stop.request_stop(); // what is being read is not wanted any more, unless it is asked for again
    m_pool.clear();
    m_stop = std::stop_source();
    if (!m_model.hasModel() || !m_model.isModelThere() || !m_model.session().model->tokenizerSize)
        return;
    std::vector<TextSettings> wanted;
    for (const TextSettings &text : {m_model.session().calibrationText, m_model.session().evaluationText})
        if (!text.files.empty() && !isReadLate(text, roughTokens(text)))
            wanted.push_back(text);
    std::erase_if(m_known, [&](const TextSettings &text) { return std::find(wanted.begin(), wanted.end(), text) == wanted.end(); });
    for (const TextSettings &text : wanted)
        if (std::find(m_known.begin(), m_known.end(), text) == m_known.end())
            read(text);
}

void TextReader::read(const TextSettings &text)
{
    m_pool.start([this, text, tokenizers = m_tokenizers, memory = m_jobs.textMemory(), stop = m_stop.get_token(),
                  folder = m_model.session().model->folder] {
        const Tokenizer *tokenizer = nullptr;
        try {
            tokenizer = &tokenizers->of(folder);
        } catch (const std::exception &) { // told where the model is opened
            return;
        }
        std::function<void()> tell;
        bool isGood = true;
        try {
            const TextReport report = readWindows(*tokenizer, text, {.bytes = memory}, JobContext(stop)).report;
            tell = [this, text, report] { m_model.apply(TextRead{.text = text, .report = report}); };
        } catch (const Cancelled &) {
            return;
        } catch (const std::exception &thrown) {
            isGood = false;
            const Error problem = asError(thrown);
            const auto *tooShort = dynamic_cast<const ShortText *>(&thrown);
            tell = [this, text, sentence = QString::fromStdString(problem.what()), hint = QString::fromStdString(problem.plainHint()),
                    windows = tooShort ? tooShort->windows() : 0] { m_model.tellTextRefused(text, sentence, hint, windows); };
        }
        QMetaObject::invokeMethod(
            this,
            [this, text, stop, isGood, tell = std::move(tell)] {
                if (stop.stop_requested())
                    return;
                if (isGood)
                    m_known.push_back(text); // one that was refused may be better when it is chosen again
                tell();
            },
            Qt::QueuedConnection);
    });
}

} // namespace secateur::ui
